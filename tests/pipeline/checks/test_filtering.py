"""Filtering of instances: no question is lost, and samples are the same at every build."""

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from pipeline.checks.filtering import filter_instances
from pipeline.chunking import ChunkingContext
from pipeline.core.params import CheckParams
from pipeline.core.schema import Instance, InstanceQuestion, Reject
from tests.pipeline.questions.factories import make_instance, make_question

GOOD = [f"made/q{number:02d}" for number in range(12)]


def make_instances() -> list[Instance]:
    return [make_instance(name, {"made/s": "The owl lives in a barn."}) for name in ("made/i", "made/j")]


def make_rows(instance: str, ids: list[str]) -> list[InstanceQuestion]:
    """Make a question for each id; with `bad` in the id, its answer does not stand in the evidence."""
    return [
        InstanceQuestion(instance, make_question(one, f"{one}?", ["a den" if "bad" in one else "a barn"]))
        for one in ids
    ]


def make_params(min_questions: int, max_questions: int) -> CheckParams:
    return CheckParams(
        max_answer_tokens=None,
        drop_yes_no=False,
        drop_answer_in_question=False,
        language=None,
        min_keywords=1,
        min_summary_overlap=0,
        min_questions=min_questions,
        max_questions=max_questions,
    )


def filter_rows(
    context: ChunkingContext,
    rows: list[InstanceQuestion],
    min_questions: int = 0,
    max_questions: int = 100,
    seed: int = 20,
    bad_verdicts: Mapping[str, str] = MappingProxyType({}),
) -> list[tuple[Instance | None, list[Reject]]]:
    params, tokenizer = make_params(min_questions, max_questions), context.tokenizer
    return list(filter_instances(make_instances(), rows, params, tokenizer, bad_verdicts, 50, seed, "made"))


def kept_ids(
    context: ChunkingContext, rows: list[InstanceQuestion], max_questions: int, seed: int = 20
) -> list[str]:
    """Return the ids of the questions that the first instance keeps."""
    (instance, _), _ = filter_rows(context, rows, 0, max_questions, seed)
    assert instance is not None
    return [question.id for question in instance.questions]


def test_each_instance_gets_its_own_questions(context: ChunkingContext) -> None:
    rows = make_rows("made/i", GOOD[:2]) + make_rows("made/j", [*GOOD[2:5], "made/bad"])
    (one, none), (other, dropped) = filter_rows(context, rows)
    assert one is not None
    assert other is not None
    assert [question.id for question in one.questions] == GOOD[:2]
    assert [question.id for question in other.questions] == GOOD[2:5]
    assert not none
    (reject,) = dropped
    assert (reject.id, reject.document, reject.stage) == ("made/bad", "made/j", "filter")
    assert (reject.kind, reject.reason) == ("question", "answer not in evidence")
    assert reject.question == rows[-1].question
    assert reject.source_span == rows[-1].question.source_span


def test_an_instance_without_questions_is_kept_without_a_minimum(context: ChunkingContext) -> None:
    (one, rejects), _ = filter_rows(context, [])
    assert one is not None
    assert (one.questions, rejects) == ([], [])
    assert filter_rows(context, [], min_questions=1)[0][0] is None


@pytest.mark.parametrize(("min_questions", "is_kept"), [(3, True), (4, False)])
def test_an_instance_needs_min_questions(min_questions: int, is_kept: bool, context: ChunkingContext) -> None:
    (one, rejects), _ = filter_rows(context, make_rows("made/i", [*GOOD[:3], "made/bad"]), min_questions)
    found = {reject.id: (reject.kind, reject.reason) for reject in rejects}
    expected = {"made/bad": ("question", "answer not in evidence")}
    if is_kept:
        assert one is not None
        assert [question.id for question in one.questions] == GOOD[:3]
    else:
        assert one is None
        expected |= dict.fromkeys(GOOD[:3], ("question", "instance dropped"))
        expected["made/i"] = ("instance", "too few questions")
        (whole,) = [reject for reject in rejects if reject.kind == "instance"]
        assert whole.detail == "3 questions are left, min_questions is 4"
        assert (whole.document, whole.question) == ("train", None)
    assert found == expected
    for reject in rejects:
        if reject.kind == "question":
            assert reject.question is not None
            assert (reject.question.id, reject.document) == (reject.id, "made/i")


def repeated_rows() -> list[InstanceQuestion]:
    """Make one question under two ids, and another question."""
    same = [make_question(name, "Where does it live?") for name in ("made/a", "made/b")]
    return [InstanceQuestion("made/i", question) for question in same] + make_rows("made/i", ["made/c"])


@pytest.mark.parametrize(("min_questions", "is_kept"), [(2, True), (3, False)])
def test_a_repeated_question_is_dropped_and_does_not_count(
    min_questions: int, is_kept: bool, context: ChunkingContext
) -> None:
    (one, rejects), _ = filter_rows(context, repeated_rows(), min_questions)
    assert (one is not None) == is_kept
    found = {reject.id: (reject.reason, reject.detail) for reject in rejects}
    assert found["made/b"] == ("repeated question", "repeats made/a")
    assert len(found) == (1 if is_kept else 4)


def test_a_dropped_question_does_not_make_another_a_repeat(context: ChunkingContext) -> None:
    (one, rejects), _ = filter_rows(context, repeated_rows(), bad_verdicts={"made/a": "vague"})
    assert one is not None
    assert [question.id for question in one.questions] == ["made/b", "made/c"]
    assert [(reject.id, reject.reason, reject.detail) for reject in rejects] == [
        ("made/a", "reviewed", "vague")
    ]


@pytest.mark.parametrize("max_questions", [1, 5, 11, 12, 13])
def test_an_instance_keeps_at_most_max_questions(max_questions: int, context: ChunkingContext) -> None:
    (one, rejects), _ = filter_rows(context, make_rows("made/i", GOOD[::-1]), 0, max_questions)
    assert one is not None
    ids = [question.id for question in one.questions]
    assert len(ids) == min(max_questions, 12)
    assert ids == sorted(ids)
    assert sorted(ids + [reject.id for reject in rejects]) == GOOD
    for reject in rejects:
        assert (reject.reason, reject.document) == ("over max_questions", "made/i")
        assert reject.question is not None
        assert str(max_questions) in reject.detail


def test_the_sample_is_the_same_at_every_build(context: ChunkingContext) -> None:
    rows = make_rows("made/i", GOOD)
    sample = kept_ids(context, rows, 5)
    assert kept_ids(context, rows[::-1] + make_rows("made/j", ["made/other"]), 5) == sample
    # Without other questions, or with more bad ones, the sample is the same.
    assert kept_ids(context, [row for row in rows if row.question.id in sample], 5) == sample
    assert kept_ids(context, rows + make_rows("made/i", ["made/bad"]), 5) == sample
    more = kept_ids(context, rows + make_rows("made/i", ["made/new"]), 5)
    assert len(set(more) & set(sample)) >= 4


def test_the_sample_is_drawn_by_seed_and_instance(context: ChunkingContext) -> None:
    rows = make_rows("made/i", GOOD)
    assert len({tuple(kept_ids(context, rows, 5, seed)) for seed in range(10)}) > 1
    _, (other, _) = filter_rows(context, make_rows("made/j", GOOD), 0, 5)
    assert other is not None
    assert [question.id for question in other.questions] != kept_ids(context, rows, 5)
