"""Summaries find their own chapters: in the books that the threshold was chosen on, and in others.

`tests/summaries` holds summaries written for these tests, by the heading of the chapter. A right pair is a
summary and its chapter, a wrong one the summary and another chapter of the same book.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
import yaml

from pipeline.checks import summary_agrees
from pipeline.checks.dropped import Dropped
from pipeline.checks.summary_agrees import agreement
from pipeline.checks.surroundings import Surroundings
from pipeline.chunking import Context
from pipeline.params import Params
from pipeline.schema import Question
from pipeline.sources import parse
from pipeline.text.content import content_words
from tests.conftest import ROOT
from tests.questions.making import make_instance, make_question

CHOOSING = {"alice": "carroll-alice", "busterbrown": "burgess-busterbrown", "sense": "austen-sense"}
OTHERS = {"persuasion": "austen-persuasion", "thursday": "chesterton-thursday"}


@dataclass(frozen=True)
class Summarised:
    """The summaries of a book and all its chapters, by heading."""

    summaries: dict[str, str]
    chapters: dict[str, str]


@pytest.fixture(scope="module")
def summarised(raw: Path) -> Callable[[str], Summarised]:
    """A book of the starter set, by the name of its file of summaries."""
    books = {book.name: book for book in parse("gutenberg", raw / "gutenberg").books}

    @cache
    def read(name: str) -> Summarised:
        book = books[(CHOOSING | OTHERS)[name]]
        chapters = {heading: book.text[start:end] for start, end, heading in book.chapters if heading}
        summaries = yaml.safe_load((ROOT / f"tests/summaries/{name}.yaml").read_text(encoding="utf-8"))
        assert summaries.keys() <= chapters.keys()
        return Summarised(summaries, chapters)

    return read


def question(summary: str | None) -> Question:
    return replace(make_question(), origin="summary", metric="keywords", summary=summary)


def around(text: str, percent: int, params: Params, context: Context) -> Surroundings:
    checks = params.sources["gutenberg"].checks.model_copy(update={"min_agreement": percent})
    return Surroundings(make_instance("made/i", {"made/s": text}), checks, context.tokenizer, {})


def share(kept: Sequence[bool]) -> Fraction:
    return Fraction(sum(kept), len(kept))


@pytest.mark.parametrize("name", OTHERS)
def test_the_bar_on_other_books(
    name: str, summarised: Callable[[str], Summarised], params: Params, context: Context
) -> None:
    """By the check itself, as params.yaml sets it."""
    book = summarised(name)
    percent = params.sources["gutenberg"].checks.min_agreement
    right: list[bool] = []
    wrong: list[bool] = []
    for heading, text in book.chapters.items():
        chapter = around(text, percent, params, context)
        for told, summary in book.summaries.items():
            asked = question(summary)
            found = summary_agrees.check(asked, chapter)
            assert found == asked or isinstance(found, Dropped)
            (right if told == heading else wrong).append(found == asked)
    assert len(right) == len(book.summaries)
    assert len(wrong) >= 40
    assert share(right) >= Fraction(9, 10)
    assert share(wrong) <= Fraction(1, 10)


def test_the_threshold_is_chosen_on_the_choosing_books(
    summarised: Callable[[str], Summarised], params: Params
) -> None:
    """The one at which the greater of both shares of errors is smallest; no other is as good."""
    right: list[int] = []
    wrong: list[int] = []
    for name in CHOOSING:
        book = summarised(name)
        for heading, text in book.chapters.items():
            words = content_words(text)
            for told, summary in book.summaries.items():
                (right if told == heading else wrong).append(agreement(summary, words))
    worst = {
        percent: max(
            share([score < percent for score in right]), share([score >= percent for score in wrong])
        )
        for percent in range(101)
    }
    least = min(worst.values())
    assert least <= Fraction(1, 10)
    assert [percent for percent in worst if worst[percent] == least] == [
        params.sources["gutenberg"].checks.min_agreement
    ]


TEXT = "Mr. Knox walked to the mill with Anne. The Admiral wrote letters."


@pytest.mark.parametrize(
    ("summary", "percent"),
    [
        ("The admiral wrote a letter.", 100),
        ("The admiral wrote a poem.", 66),
        ("At the mill Anne wrote to Knox.", 100),
        ("At the mill Anne wrote to Wick.", (50 + 75) // 2),
        ("At the mill an ANNE wrote to Wick", (50 + 75) // 2),
        ("At Kellynch, with Frederick.", 0),
        ("And then that was that.", 100),
        ("", 100),
    ],
)
def test_agreement(summary: str, percent: int, params: Params, context: Context) -> None:
    """The mean of the share of the names and the share of all content words; the bound is kept."""
    for bound in range(0, 101):
        found = summary_agrees.check(question(summary), around(TEXT, bound, params, context))
        if bound <= percent:
            assert found == question(summary)
        else:
            assert isinstance(found, Dropped)
            assert found.reason == "summary of another text"
            assert found.detail == f"agrees by {percent} percent: {summary!r}"


def test_a_question_without_a_summary(params: Params, context: Context) -> None:
    assert summary_agrees.check(question(None), around("", 100, params, context)) == question(None)


def test_what_frames_the_segments_does_not_count(params: Params, context: Context) -> None:
    found = summary_agrees.check(question("An opening."), around(TEXT, 1, params, context))
    assert isinstance(found, Dropped)
