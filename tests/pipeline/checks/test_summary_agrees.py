"""Summaries agree with their own chapters: in the books that the threshold was chosen on, and in others.

`tests/pipeline/questions/rules/summaries` holds summaries written for these tests, by the heading of the
chapter. A right pair is a summary and its chapter, a wrong one the summary and another chapter of the same
book.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
import yaml

from pipeline.checks import summary_agrees
from pipeline.checks.context import CheckContext
from pipeline.checks.summary_agrees import summary_overlap
from pipeline.chunking import ChunkingContext
from pipeline.core.params import Params
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Question
from pipeline.text.content_words import content_words
from tests.conftest import ROOT
from tests.pipeline.questions.factories import make_instance, make_question
from tests.pipeline.sources.reading import parse

CHOOSING = {"alice": "carroll-alice", "busterbrown": "burgess-busterbrown", "sense": "austen-sense"}
OTHERS = {"persuasion": "austen-persuasion", "thursday": "chesterton-thursday"}


@dataclass(frozen=True)
class SummarizedBook:
    """The summaries of a book and all its chapters, by heading."""

    summaries: dict[str, str]
    chapters: dict[str, str]


@pytest.fixture(scope="module")
def read_summarized_book(raw: Path) -> Callable[[str], SummarizedBook]:
    """Return a function that reads a book of the starter set, by the name of its file of summaries."""
    books = {book.name: book for book in parse("gutenberg", raw / "gutenberg").books}

    @cache
    def read(name: str) -> SummarizedBook:
        book = books[(CHOOSING | OTHERS)[name]]
        chapters = {heading: book.text[start:end] for start, end, heading in book.chapters if heading}
        summaries = yaml.safe_load(
            (ROOT / f"tests/pipeline/questions/rules/summaries/{name}.yaml").read_text(encoding="utf-8")
        )
        assert summaries.keys() <= chapters.keys()
        return SummarizedBook(summaries, chapters)

    return read


def make_summary_question(summary: str | None) -> Question:
    return replace(make_question(), origin="summary", metric="keywords", summary=summary)


def make_chapter_context(text: str, percent: int, params: Params, context: ChunkingContext) -> CheckContext:
    checks = params.sources["gutenberg"].checks.model_copy(update={"min_summary_overlap": percent})
    return CheckContext(make_instance("made/i", {"made/s": text}), checks, context.tokenizer, {})


def fraction_of(kept: Sequence[bool]) -> Fraction:
    return Fraction(sum(kept), len(kept))


@pytest.mark.parametrize("name", OTHERS)
def test_right_pairs_are_kept_and_wrong_ones_dropped_on_other_books(
    name: str, read_summarized_book: Callable[[str], SummarizedBook], params: Params, context: ChunkingContext
) -> None:
    """The check runs as params.yaml sets it."""
    book = read_summarized_book(name)
    percent = params.sources["gutenberg"].checks.min_summary_overlap
    right: list[bool] = []
    wrong: list[bool] = []
    for heading, text in book.chapters.items():
        chapter = make_chapter_context(text, percent, params, context)
        for summary_heading, summary in book.summaries.items():
            question = make_summary_question(summary)
            result = summary_agrees.check(question, chapter)
            assert result == question or isinstance(result, Rejection)
            (right if summary_heading == heading else wrong).append(result == question)
    assert len(right) == len(book.summaries)
    assert len(wrong) >= 40
    assert fraction_of(right) >= Fraction(9, 10)
    assert fraction_of(wrong) <= Fraction(1, 10)


def test_the_threshold_is_the_best_on_the_choosing_books(
    read_summarized_book: Callable[[str], SummarizedBook], params: Params
) -> None:
    """At the threshold the greater of both error rates is smallest; no other value is as good."""
    right: list[int] = []
    wrong: list[int] = []
    for name in CHOOSING:
        book = read_summarized_book(name)
        for heading, text in book.chapters.items():
            words = content_words(text)
            for summary_heading, summary in book.summaries.items():
                (right if summary_heading == heading else wrong).append(summary_overlap(summary, words))
    worst = {
        percent: max(
            fraction_of([score < percent for score in right]),
            fraction_of([score >= percent for score in wrong]),
        )
        for percent in range(101)
    }
    least = min(worst.values())
    assert least <= Fraction(1, 10)
    assert [percent for percent in worst if worst[percent] == least] == [
        params.sources["gutenberg"].checks.min_summary_overlap
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
def test_the_overlap_is_the_mean_of_names_and_content_words(
    summary: str, percent: int, params: Params, context: ChunkingContext
) -> None:
    """A question is kept up to the percentage of its overlap, and dropped above it."""
    for bound in range(0, 101):
        result = summary_agrees.check(
            make_summary_question(summary), make_chapter_context(TEXT, bound, params, context)
        )
        if bound <= percent:
            assert result == make_summary_question(summary)
        else:
            assert isinstance(result, Rejection)
            assert result.reason == "summary of another text"
            assert result.detail == f"agrees by {percent} percent: {summary!r}"


def test_a_question_without_a_summary_is_kept(params: Params, context: ChunkingContext) -> None:
    assert summary_agrees.check(
        make_summary_question(None), make_chapter_context("", 100, params, context)
    ) == make_summary_question(None)


def test_the_template_does_not_count(params: Params, context: ChunkingContext) -> None:
    result = summary_agrees.check(
        make_summary_question("An opening."), make_chapter_context(TEXT, 1, params, context)
    )
    assert isinstance(result, Rejection)
