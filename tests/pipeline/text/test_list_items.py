"""Items of lists in Markdown are sentences of their own, whatever they end with."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.list_items import split_markdown
from pipeline.text.sentences import SentenceSplitter


@pytest.fixture(scope="module")
def splitter(assets: Path) -> SentenceSplitter:
    return SentenceSplitter(assets / "nltk")


def split(text: str, splitter: SentenceSplitter) -> list[str]:
    return [text[start:end] for start, end in split_markdown(text, splitter)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("- Pegs are in it!\n- Stove\n- Lamp", ["- Pegs are in it!", "- Stove", "- Lamp"]),
        ("1. Mix it.\n2. Add salt, rest it. Fold.\n", ["1. Mix it.", "2. Add salt, rest it.", "Fold."]),
        ("# Trip\n\n* Lyon\n  + by train.\n  + in May", ["# Trip", "* Lyon", "+ by train.", "+ in May"]),
        ("We met him\n- on a boat.", ["We met him", "- on a boat."]),
        ("2) Two.\r\n3) Three", ["2) Two.", "3) Three"]),
        # no items
        ("It was 5 -\n7 of them.", ["It was 5 -\n7 of them."]),
        ("-\n-no\n1.5 kg of rye\n2024. A year", ["-\n-no\n1.5 kg of rye\n2024.", "A year"]),
        ("", []),
        ("\n\n", []),
    ],
)  # fmt: skip
def test_items(text: str, sentences: list[str], splitter: SentenceSplitter) -> None:
    assert split(text, splitter) == sentences


@given(st.text(alphabet="- 1.\n*aB!", max_size=60))
def test_nothing_but_white_space_is_left_out(splitter: SentenceSplitter, text: str) -> None:
    spans = split_markdown(text, splitter)
    assert spans == sorted(spans) and all(start < end for start, end in spans)
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    assert all(not text[end:start].strip() for end, start in zip(edges[::2], edges[1::2], strict=True))
