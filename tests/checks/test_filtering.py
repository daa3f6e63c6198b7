"""Instances with the questions that they keep: nothing is lost, samples are the same at every build."""

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from pipeline.chunking import Context
from pipeline.filtering import filter_instances
from pipeline.params import Checks
from pipeline.schema import AskedQuestion, Instance, Reject
from tests.questions.making import make_instance, make_question

GOOD = [f"made/q{number:02d}" for number in range(12)]


def instances() -> list[Instance]:
    return [make_instance(name, {"made/s": "The owl lives in a barn."}) for name in ("made/i", "made/j")]


def asked(instance: str, ids: list[str]) -> list[AskedQuestion]:
    """Another question for each id; those whose id has `bad` in it have an answer that stands nowhere."""
    return [
        AskedQuestion(instance, make_question(one, f"{one}?", ["a den" if "bad" in one else "a barn"]))
        for one in ids
    ]


def bounds(least: int, most: int) -> Checks:
    return Checks(
        max_answer_tokens=None,
        drop_yes_no=False,
        drop_answer_in_question=False,
        language=None,
        min_keywords=1,
        min_agreement=0,
        min_questions=least,
        max_questions=most,
    )


def filtered(
    context: Context,
    rows: list[AskedQuestion],
    least: int = 0,
    most: int = 100,
    seed: int = 20,
    judged_bad: Mapping[str, str] = MappingProxyType({}),
) -> list[tuple[Instance | None, list[Reject]]]:
    params, tokenizer = bounds(least, most), context.tokenizer
    return list(filter_instances(instances(), rows, params, tokenizer, judged_bad, 50, seed, "made"))


def kept(context: Context, rows: list[AskedQuestion], most: int, seed: int = 20) -> list[str]:
    """Ids of the questions that the first instance keeps."""
    (instance, _), _ = filtered(context, rows, 0, most, seed)
    assert instance is not None
    return [question.id for question in instance.questions]


def test_each_instance_gets_its_own_questions(context: Context) -> None:
    rows = asked("made/i", GOOD[:2]) + asked("made/j", [*GOOD[2:5], "made/bad"])
    (one, none), (other, dropped) = filtered(context, rows)
    assert one is not None
    assert other is not None
    assert [question.id for question in one.questions] == GOOD[:2]
    assert [question.id for question in other.questions] == GOOD[2:5]
    assert not none
    (reject,) = dropped
    assert (reject.id, reject.document, reject.stage) == ("made/bad", "made/j", "filter")
    assert (reject.kind, reject.reason) == ("question", "answer not in evidence")
    assert reject.question == rows[-1].question
    assert reject.raw == rows[-1].question.raw


def test_an_instance_without_questions(context: Context) -> None:
    (one, rejects), _ = filtered(context, [])
    assert one is not None
    assert (one.questions, rejects) == ([], [])
    assert filtered(context, [], least=1)[0][0] is None


@pytest.mark.parametrize(("least", "stays"), [(3, True), (4, False)])
def test_min_questions(least: int, stays: bool, context: Context) -> None:
    (one, rejects), _ = filtered(context, asked("made/i", [*GOOD[:3], "made/bad"]), least)
    found = {reject.id: (reject.kind, reject.reason) for reject in rejects}
    expected = {"made/bad": ("question", "answer not in evidence")}
    if stays:
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


def twice() -> list[AskedQuestion]:
    """One question under two ids, and another question."""
    same = [make_question(name, "Where does it live?") for name in ("made/a", "made/b")]
    return [AskedQuestion("made/i", question) for question in same] + asked("made/i", ["made/c"])


@pytest.mark.parametrize(("least", "stays"), [(2, True), (3, False)])
def test_a_repeated_question_goes_and_does_not_count(least: int, stays: bool, context: Context) -> None:
    (one, rejects), _ = filtered(context, twice(), least)
    assert (one is not None) == stays
    found = {reject.id: (reject.reason, reject.detail) for reject in rejects}
    assert found["made/b"] == ("repeated question", "repeats made/a")
    assert len(found) == (1 if stays else 4)


def test_a_question_that_a_check_drops_is_not_repeated(context: Context) -> None:
    (one, rejects), _ = filtered(context, twice(), judged_bad={"made/a": "vague"})
    assert one is not None
    assert [question.id for question in one.questions] == ["made/b", "made/c"]
    assert [(reject.id, reject.reason, reject.detail) for reject in rejects] == [
        ("made/a", "reviewed", "vague")
    ]


@pytest.mark.parametrize("most", [1, 5, 11, 12, 13])
def test_max_questions(most: int, context: Context) -> None:
    (one, rejects), _ = filtered(context, asked("made/i", GOOD[::-1]), 0, most)
    assert one is not None
    ids = [question.id for question in one.questions]
    assert len(ids) == min(most, 12)
    assert ids == sorted(ids)
    assert sorted(ids + [reject.id for reject in rejects]) == GOOD
    for reject in rejects:
        assert (reject.reason, reject.document) == ("over max_questions", "made/i")
        assert reject.question is not None
        assert str(most) in reject.detail


def test_the_sample_is_the_same_at_every_build(context: Context) -> None:
    rows = asked("made/i", GOOD)
    sample = kept(context, rows, 5)
    assert kept(context, rows[::-1] + asked("made/j", ["made/other"]), 5) == sample
    # dropping questions that were not in it, or adding bad ones, leaves it as it was
    assert kept(context, [row for row in rows if row.question.id in sample], 5) == sample
    assert kept(context, rows + asked("made/i", ["made/bad"]), 5) == sample
    more = kept(context, rows + asked("made/i", ["made/new"]), 5)
    assert len(set(more) & set(sample)) >= 4


def test_the_sample_is_drawn_by_seed_and_instance(context: Context) -> None:
    rows = asked("made/i", GOOD)
    assert len({tuple(kept(context, rows, 5, seed)) for seed in range(10)}) > 1
    _, (other, _) = filtered(context, asked("made/j", GOOD), 0, 5)
    assert other is not None
    assert [question.id for question in other.questions] != kept(context, rows, 5)
