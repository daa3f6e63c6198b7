"""The checks of answers keep and drop the right questions, in their order."""

from collections.abc import Sequence
from dataclasses import replace
from types import ModuleType

import pytest

from pipeline.checks import (
    Check,
    answer_in_evidence,
    answer_in_question,
    answer_length,
    run_checks,
    unanswerable,
    yes_no,
)
from pipeline.checks.context import CheckContext
from pipeline.chunking import ChunkingContext
from pipeline.core.params import CheckParams
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Question
from tests.pipeline.checks.factories import LAX_PARAMS
from tests.pipeline.questions.factories import make_instance, make_question

STRICT_PARAMS = LAX_PARAMS.model_copy(
    update={"max_answer_tokens": 4, "drop_yes_no": True, "drop_answer_in_question": True}
)
BARN = make_instance(
    "made/i",
    {"made/s": "The owl lives in A\n Barn, the  Straße says. Yes: nine hundred and ninety nine mice."},
    {"made/r": "The fox lives in a den.", "made/t": "The wren sings."},
)


def run_check(
    module: ModuleType, question: Question, params: CheckParams, context: ChunkingContext
) -> Question | Rejection:
    check: Check = module.check
    result = check(question, CheckContext(BARN, params, context.tokenizer, {}))
    assert isinstance(result, Question | Rejection)
    return result


def reject_reason(result: Question | Rejection) -> str | None:
    return result.reason if isinstance(result, Rejection) else None


@pytest.mark.parametrize(
    ("answers", "kept"), [([], False), ([""], False), (["", ""], False), (["x"], True), (["", "x"], True)]
)
def test_a_question_needs_a_gold_answer(answers: list[str], kept: bool, context: ChunkingContext) -> None:
    question = make_question(answers=answers)
    for params in (LAX_PARAMS, STRICT_PARAMS):
        result = run_check(unanswerable, question, params, context)
        assert result == (question if kept else Rejection("unanswerable", "no gold answer"))


@pytest.mark.parametrize("answers", [[], ["", ""]])
def test_a_question_without_a_gold_answer_may_ask_to_abstain(
    answers: list[str], context: ChunkingContext
) -> None:
    """Then it passes all other checks, however strict."""
    params = STRICT_PARAMS.model_copy(update={"unanswerable": "keep"})
    question = make_question(answers=answers)
    kept = run_checks(question, CheckContext(BARN, params, context.tokenizer, {}))
    assert kept == replace(question, answers=[], metric="abstain")


@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        (["yes"], False),
        (["No"], False),
        ([" YES. "], False),
        (['"no!"'], False),
        (["indeed", "yes"], False),
        (["yes, it is"], True),
        (["no one"], True),
        (["Norway"], True),
        (["eyes"], True),
        (["..."], True),
    ],
)
def test_yes_no_questions_are_dropped(answers: list[str], kept: bool, context: ChunkingContext) -> None:
    question = make_question(answers=answers)
    result = run_check(yes_no, question, STRICT_PARAMS, context)
    assert result == (question if kept else Rejection("yes/no question", answers[0]))
    assert run_check(yes_no, question, LAX_PARAMS, context) == question


FOUR, FIVE = "nine hundred and ninety", "nine hundred and ninety nine"


@pytest.mark.parametrize(
    ("answers", "left"),
    [
        ([FOUR], [FOUR]),
        ([FIVE], None),
        ([FIVE, FOUR, FIVE], [FOUR]),
        (["a", FIVE, "b"], ["a", "b"]),
        ([FIVE, FIVE + "!"], None),
    ],
)
def test_long_answers_are_dropped(
    answers: list[str], left: list[str] | None, context: ChunkingContext
) -> None:
    assert [context.tokenizer.count(answer) for answer in (FOUR, FIVE)] == [4, 5]
    question = make_question(answers=answers)
    result = run_check(answer_length, question, STRICT_PARAMS, context)
    if left is None:
        assert result == Rejection("answer too long", f"over 4 tokens: {FIVE!r}")
    else:
        assert result == make_question(answers=left)
    assert question.answers == answers
    assert run_check(answer_length, question, LAX_PARAMS, context) == question


@pytest.mark.parametrize(
    ("text", "answers", "held_answer"),
    [
        ("Does the owl live in a barn?", ["a barn"], "a barn"),
        ("Is it A BARN?", ["a Barn."], "a Barn."),
        ("Which road, Grand STRASSE or Lane?", ["Straße"], "Straße"),
        ("Is it New-York or Rome?", ["new  york"], "new  york"),
        ("Is it a barn?", ["a den", "barn"], "barn"),
        ("Where is the barnyard?", ["barn"], None),
        ("Is it a big barn?", ["a barn"], None),
        ("Is it barn a?", ["a barn"], None),
        ("Is it art?", ["start"], None),
        ("Where?", ["?"], None),
        ("Where?", [""], None),
    ],
)
def test_a_question_that_holds_its_answer_is_dropped(
    text: str, answers: list[str], held_answer: str | None, context: ChunkingContext
) -> None:
    question = make_question(text=text, answers=answers)
    result = run_check(answer_in_question, question, STRICT_PARAMS, context)
    assert result == (Rejection("answer in question", repr(held_answer)) if held_answer else question)
    assert run_check(answer_in_question, question, LAX_PARAMS, context) == question


@pytest.mark.parametrize(
    ("answers", "evidence", "chunks", "kept"),
    [
        (["a barn"], ["made/s"], [0], True),
        (["A  BARN"], ["made/s"], [0], True),
        (["STRASSE"], ["made/s"], [0], True),
        (["a den", "a barn"], ["made/s"], [0], True),
        (["a den"], ["made/s", "made/r"], [0, 1], True),
        (["a den"], ["made/s"], [0], False),
        # in the same chunk, but in a segment that is not evidence; across two segments; in the opening
        (["a den"], ["made/t"], [1], False),
        (["den. The wren"], ["made/r", "made/t"], [1], False),
        (["Opening"], ["made/s"], [0], False),
        (["a bar n"], ["made/s"], [0], False),
    ],
)
def test_the_answer_must_stand_in_the_evidence(
    answers: list[str], evidence: list[str], chunks: list[int], kept: bool, context: ChunkingContext
) -> None:
    question = make_question(answers=answers, evidence=evidence, evidence_chunks=chunks)
    for params in (LAX_PARAMS, STRICT_PARAMS):
        result = run_check(answer_in_evidence, question, params, context)
        assert result == (question if kept else Rejection("answer not in evidence", repr(answers[0])))


@pytest.mark.parametrize("metric", ["exact", "judge"])
def test_other_metrics_do_not_need_the_answer_in_the_evidence(metric: str, context: ChunkingContext) -> None:
    question = make_question(answers=["7"], metric=metric)
    assert run_check(answer_in_evidence, question, STRICT_PARAMS, context) == question


def run_strict_checks(question: Question, context: ChunkingContext) -> Question | Rejection:
    return run_checks(question, CheckContext(BARN, STRICT_PARAMS, context.tokenizer, {}))


def test_a_good_question_is_kept(context: ChunkingContext) -> None:
    assert run_strict_checks(make_question(), context) == make_question()


@pytest.mark.parametrize(
    ("text", "answers", "expected"),
    [
        ("?", [], "unanswerable"),
        ("yes?", ["yes"], "yes/no question"),
        (f"Is it {FIVE}?", [FIVE], "answer too long"),
        ("Is it a den?", ["a den"], "answer in question"),
    ],
)
def test_a_question_stops_at_the_first_check_that_drops_it(
    text: str, answers: Sequence[str], expected: str, context: ChunkingContext
) -> None:
    assert reject_reason(run_strict_checks(make_question(text=text, answers=answers), context)) == expected


def test_later_checks_do_not_see_a_dropped_answer(context: ChunkingContext) -> None:
    """The long answer stands in the evidence, the short one that is left does not."""
    assert (
        reject_reason(run_strict_checks(make_question(answers=[FIVE, "a den"]), context))
        == "answer not in evidence"
    )
    text = f"Is it {FIVE}?"
    assert run_strict_checks(make_question(text=text, answers=[FIVE, "a barn"]), context) == make_question(
        text=text, answers=["a barn"]
    )
