"""Keywords that stand in the instance are kept, and the question is dropped where too few are left."""

from dataclasses import replace

import pytest

from pipeline.checks import keywords_grounded
from pipeline.chunking import ChunkingContext
from pipeline.core.rejection import Rejection
from tests.pipeline.checks.factories import make_check_context
from tests.pipeline.questions.factories import make_question

FARM = (
    {"made/s": "The owl lives in A\n Barn.", "made/t": "The wren  sings."},
    {"made/u": "The fox: Straße."},
)


@pytest.mark.parametrize(
    ("keywords", "left"),
    [
        (["owl", "wren", "fox"], ["owl", "wren", "fox"]),
        (["OWL", "a barn", "strasse"], ["OWL", "a barn", "strasse"]),
        (["whale", "fox", "wren", "ox"], ["fox", "wren"]),
        (["owl", "barns", "bar", "fox"], ["owl", "fox"]),
        # four words, and three; from one segment to the next; in the template around the segments
        (["owl lives in a", "owl lives in", "the wren sings"], ["owl lives in", "the wren sings"]),
        (["barn. The", "wren", "fox"], ["wren", "fox"]),
        (["Opening", "wren", "fox"], ["wren", "fox"]),
        (["whale", "fox"], None),
        (["", " ", "fox"], None),
        ([], None),
    ],
)
def test_keywords_that_stand_in_the_instance_are_kept(
    keywords: list[str], left: list[str] | None, context: ChunkingContext
) -> None:
    question = replace(make_question(answers=keywords, metric="exact"), metric="keywords", origin="summary")
    result = keywords_grounded.check(question, make_check_context(context, *FARM, min_keywords=2))
    if left is None:
        assert isinstance(result, Rejection)
        assert result.reason == "too few keywords"
        assert f" of {len(keywords)} stand in the instance" in result.detail
    else:
        assert result == replace(question, answers=left)
    assert question.answers == keywords


def test_one_keyword_of_a_shortened_answer_is_enough(context: ChunkingContext) -> None:
    question = replace(make_question(answers=["owl", "whale"]), metric="keywords")
    result = keywords_grounded.check(question, make_check_context(context, *FARM, min_keywords=2))
    assert result == replace(question, answers=["owl"])


@pytest.mark.parametrize(("min_keywords", "kept"), [(1, True), (3, True), (4, False)])
def test_a_summary_question_needs_min_keywords(
    min_keywords: int, kept: bool, context: ChunkingContext
) -> None:
    question = replace(
        make_question(answers=["owl", "whale", "wren", "fox"]), metric="keywords", origin="summary"
    )
    result = keywords_grounded.check(question, make_check_context(context, *FARM, min_keywords=min_keywords))
    expected = Rejection("too few keywords", "3 of 4 stand in the instance, 4 are required")
    assert result == (replace(question, answers=["owl", "wren", "fox"]) if kept else expected)


@pytest.mark.parametrize("metric", ["contains", "exact", "judge"])
def test_other_metrics_are_kept(metric: str, context: ChunkingContext) -> None:
    question = make_question(answers=["whale", "one two three four"], metric=metric)
    assert keywords_grounded.check(question, make_check_context(context, *FARM, min_keywords=2)) == question
