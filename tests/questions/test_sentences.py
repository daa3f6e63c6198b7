"""Sentences that can be asked about: whole, of a fit length, no questions, at the place that is given."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.questions.sentences import sentences
from pipeline.schema import BLANK, Chunk
from pipeline.text.sentences import SentenceSplitter
from tests.questions.making import make_told

OWL = "The owl lives in the old barn by the mill."
FOX = "The fox sleeps under the hedge all day long."
SHORT = "The owl lives in old barn now."  # 30 characters
LONG = "The owl " + "and the fox " * 22 + "slept."

MARKS = ["3:16 ", " ", "\n", "\n\n", "  ", "Why?", "____", "[1]", "https://a.b", "I am. ", "\r\n", "\u2028"]
TEXTS = st.lists(st.sampled_from([OWL, FOX, *MARKS]), min_size=1, max_size=6).map("".join)


def chunk_of(*texts: str, speaker: str | None = None) -> Chunk:
    segments = {f"made/{number}": text for number, text in enumerate(texts)}
    return make_told(segments, speaker=speaker).chunks[0]


@pytest.fixture(scope="module")
def splitter(assets: Path) -> SentenceSplitter:
    return SentenceSplitter(assets / "nltk")


@pytest.mark.parametrize(
    ("text", "read", "said"),
    [
        (OWL, [OWL], [OWL]),
        # A book's segment is a sentence already; what somebody says is split, and broken at line ends.
        (f"{OWL} {FOX}", [f"{OWL} {FOX}"], [OWL, FOX]),
        (f"{OWL[:-1]}\n{FOX}", [f"{OWL[:-1]} {FOX}"], [OWL[:-1], FOX]),
        (OWL.replace(" ", "\n  ", 1), [OWL], ["owl lives in the old barn by the mill."]),
        (f"THE OWL\n\n{OWL}", [], [OWL]),  # in a book a heading, and what follows it
        # questions, mark-up, links
        ("Where does the owl live, in the barn?", [], []),
        ("The owl lives [in the old barn] by the mill.", [], []),
        ("The owl lives | in the old barn | by the mill.", [], []),
        ("The owl lives in {} barn by the mill.", [], []),
        ("The owl's page is https://example.org/owl now.", [], []),
        (f"The owl lives in the {BLANK} by the mill.", [], []),
        ("THE OWL LIVES IN THE OLD BARN BY THE MILL.", [], []),
        # the Bible's verses
        (f"3:16 {OWL}", [OWL], [OWL]),
        (f"3:16\n{OWL}", [OWL], [OWL]),
        (f"{OWL} 3:16 For the fox sleeps there.", [], [OWL]),
        (f"{OWL} At 3:16 the fox sleeps.", [f"{OWL} At 3:16 the fox sleeps."], [OWL]),
        # lengths
        (SHORT, [SHORT], [SHORT]),
        (SHORT[1:], [], []),
        (f"A {LONG}", [f"A {LONG}"], [f"A {LONG}"]),
        (f"So {LONG}", [], []),
        ("The  owl  lives  in  old  barn.", [], []),  # counted with single spaces
    ],
)  # fmt: skip
def test_which_sentences(text: str, read: list[str], said: list[str], splitter: SentenceSplitter) -> None:
    assert [one.text for one in sentences(chunk_of(text), splitter)] == read
    assert [one.text for one in sentences(chunk_of(text, speaker="Ann"), splitter)] == said


def test_where_they_stand(splitter: SentenceSplitter) -> None:
    chunk = chunk_of(f"Hi.\n{OWL}", f"3:16 {FOX}", speaker="Ann")
    owl, fox = sentences(chunk, splitter)
    assert (owl.segment.id, owl.start, owl.end) == ("made/0", 4, 4 + len(OWL))
    assert (fox.segment.id, fox.start, fox.end) == ("made/1", 5, 5 + len(FOX))
    assert owl.said and not next(sentences(chunk_of(OWL), splitter)).said


@pytest.mark.parametrize("speaker", [None, "Ann"])
def test_any_text(speaker: str | None, splitter: SentenceSplitter) -> None:
    """Bar: a sentence is a segment's own characters, white space aside; none lies in another."""

    @settings(deadline=None)  # the machine may be busy
    @given(st.lists(TEXTS | st.text(max_size=60), min_size=1, max_size=3))
    def holds(texts: list[str]) -> None:
        chunk = chunk_of(*texts, speaker=speaker)
        found = list(sentences(chunk, splitter))
        last = (-1, 0)
        for one in found:
            number = int(one.segment.id.removeprefix("made/"))
            assert last <= (number, one.start)
            last = (number, one.end)
            assert " ".join(texts[number][one.start : one.end].split()) == one.text
            assert 30 <= len(one.text) <= 280
            assert BLANK not in one.text and "\n" not in one.text and "?" not in one.text

    holds()
