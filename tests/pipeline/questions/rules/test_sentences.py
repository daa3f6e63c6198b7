"""Usable sentences are whole, of the right length and not questions, and their spans are right."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.schema import BLANK, Chunk
from pipeline.text.sentences import SentenceSplitter
from tests.pipeline.questions.factories import extract_sentences, make_document_instance

OWL = "The owl lives in the old barn by the mill."
FOX = "The fox sleeps under the hedge all day long."
HALL = "The hall by the mill is cap. 90, entry 6."
SHORT = "The owl lives in old barn now."  # 30 characters
LONG = "The owl " + "and the fox " * 22 + "slept."

MARKS = ["3:16 ", " ", "\n", "\n\n", "  ", "Why?", "____", "[1]", "https://a.b", "I am. ", "\r\n", "\u2028"]
TEXTS = st.lists(st.sampled_from([OWL, FOX, *MARKS]), min_size=1, max_size=6).map("".join)


def make_chunk(*texts: str, speaker: str | None = None) -> Chunk:
    segments = {f"made/{number}": text for number, text in enumerate(texts)}
    return make_document_instance(segments, speaker=speaker).chunks[0]


@pytest.fixture(scope="module")
def splitter(assets: Path) -> SentenceSplitter:
    return SentenceSplitter(assets / "nltk")


@pytest.mark.parametrize(
    ("text", "in_book", "in_chat"),
    [
        (OWL, [OWL], [OWL]),
        # A book's segment is a sentence already; a speaker's is split, also at line ends.
        (f"{OWL} {FOX}", [f"{OWL} {FOX}"], [OWL, FOX]),
        (f"{OWL[:-1]}\n{FOX}", [f"{OWL[:-1]} {FOX}"], [OWL[:-1], FOX]),
        (OWL.replace(" ", "\n  ", 1), [OWL], ["owl lives in the old barn by the mill."]),
        (f"THE OWL\n\n{OWL}", [], [OWL]),  # in a book a heading and its text
        (f"## The owl\n\n{OWL}", [OWL], [OWL]),  # a heading of Markdown is known
        (f"## The owl\n\nIts barn\n\n{OWL}", [], [OWL]),
        # an abbreviation before a number ends no sentence of a message
        (HALL, [HALL], [HALL]),
        (f"{OWL[:-1]} park. 3 foxes sleep.", [f"{OWL[:-1]} park. 3 foxes sleep."], [f"{OWL[:-1]} park."]),
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
def test_the_usable_sentences_of_a_text(
    text: str, in_book: list[str], in_chat: list[str], splitter: SentenceSplitter
) -> None:
    assert [one.text for one in extract_sentences(make_chunk(text), splitter)] == in_book
    assert [one.text for one in extract_sentences(make_chunk(text, speaker="Ann"), splitter)] == in_chat


def test_sentences_have_their_span_in_the_segment(splitter: SentenceSplitter) -> None:
    chunk = make_chunk(f"Hi.\n{OWL}", f"3:16 {FOX}", speaker="Ann")
    owl, fox = extract_sentences(chunk, splitter)
    assert (owl.segment.id, owl.start, owl.end) == ("made/0", 4, 4 + len(OWL))
    assert (fox.segment.id, fox.start, fox.end) == ("made/1", 5, 5 + len(FOX))
    assert owl.is_spoken and not next(extract_sentences(make_chunk(OWL), splitter)).is_spoken


@pytest.mark.parametrize("speaker", [None, "Ann"])
def test_sentences_of_any_text_are_disjoint_spans_of_it(
    speaker: str | None, splitter: SentenceSplitter
) -> None:
    """Bar: a sentence has a segment's own characters, except for white space, and none overlap."""

    @settings(deadline=None)  # the machine may be busy
    @given(st.lists(TEXTS | st.text(max_size=60), min_size=1, max_size=3))
    def holds(texts: list[str]) -> None:
        chunk = make_chunk(*texts, speaker=speaker)
        found = list(extract_sentences(chunk, splitter))
        last = (-1, 0)
        for one in found:
            number = int(one.segment.id.removeprefix("made/"))
            assert last <= (number, one.start)
            last = (number, one.end)
            assert " ".join(texts[number][one.start : one.end].split()) == one.text
            assert 30 <= len(one.text) <= 280
            assert BLANK not in one.text and "\n" not in one.text and "?" not in one.text

    holds()
