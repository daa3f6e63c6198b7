"""Lines of plain text are sentences where their ends were meant; prose broken at a width is not cut."""

from pathlib import Path
from textwrap import fill

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.plain_lines import split_plain
from pipeline.text.sentences import SentenceSplitter

PROSE = (
    "We stayed from Good Friday to Monday in the cottage in Henrietta Street, which belongs to a colleague "
    "of my sister. Sam found an ammonite about the size of a digestive biscuit "
    "on the scar below the Nab, "
    "and Josie said that she had found a dinosaur, which was a tyre from a tractor of 1953 that was lost."
)


@pytest.fixture(scope="module")
def splitter(assets: Path) -> SentenceSplitter:
    return SentenceSplitter(assets / "nltk")


def split(text: str, splitter: SentenceSplitter) -> list[str]:
    return [text[start:end] for start, end in split_plain(text, splitter)]


@pytest.mark.parametrize(
    "sentences",
    [
        ["Eye test 4 Feb 2025, Moss Opticians", "R -1.25 / L -2.00", "Bench pair: £89, focus 40 cm"],
        ["white loaf 800 g   4.20   (was 3.90)", "rye                3.80", "knot               2.80   new"],
        ["milk", "eggs, a dozen", "bread from the corner"],
        ["Router: cupboard under the stairs", "Guest network: breadbin"],
        ["Mr Obi (maths): quick, but shows no working.", "Moves up.", "Ms Hart (French): silent"],
        ["A line longer than anybody breaks lines at" + 9 * " and more", "Milk"],
    ],
)  # fmt: skip
def test_lines_that_were_meant(sentences: list[str], splitter: SentenceSplitter) -> None:
    lines = "\n".join(sentences).replace(".\nMoves", ". Moves")
    assert split(lines, splitter) == sentences
    assert split(lines.replace("\n", "\r\n"), splitter) == sentences


@pytest.mark.parametrize("width", [45, 60, 66, 72, 80, 100])
def test_prose_that_is_broken_at_a_width(width: int, splitter: SentenceSplitter) -> None:
    first, second = split(fill(PROSE, width), splitter)
    assert " ".join(first.split()) + " " + " ".join(second.split()) == PROSE


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Council letter\n" + fill(PROSE, 66), 3),  # a heading without an empty line
        ("Council letter\n\nDear Sir", 2),
        ("The hut is open from\nMonday,\nTuesday and\nFriday", 1),
        ("We met at the station and\nthen walked\nto the mill", 1),
        ("", 0),
        ("\n\n", 0),
        ("\n One.\n\n", 1),
    ],
)
def test_lines_that_go_on(text: str, sentences: int, splitter: SentenceSplitter) -> None:
    assert len(split(text, splitter)) == sentences


@given(st.text(alphabet="- 1.\n*aB!,\t", max_size=60))
def test_nothing_but_white_space_is_left_out(splitter: SentenceSplitter, text: str) -> None:
    spans = split_plain(text, splitter)
    assert spans == sorted(spans) and all(start < end for start, end in spans)
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    assert all(not text[end:start].strip() for end, start in zip(edges[::2], edges[1::2], strict=True))
