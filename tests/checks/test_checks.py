"""The checks of answers keep and drop what they should, in their order."""

from collections.abc import Sequence
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
from pipeline.checks.dropped import Dropped
from pipeline.checks.surroundings import Surroundings
from pipeline.chunking import Context
from pipeline.params import Checks
from pipeline.schema import Question
from tests.questions.making import make_instance, make_question

LAX = Checks(
    max_answer_tokens=None,
    drop_yes_no=False,
    drop_answer_in_question=False,
    language=None,
    min_keywords=1,
    min_agreement=0,
    min_questions=0,
    max_questions=100,
)
STRICT = LAX.model_copy(update={"max_answer_tokens": 4, "drop_yes_no": True, "drop_answer_in_question": True})
BARN = make_instance(
    "made/i",
    {"made/s": "The owl lives in A\n Barn, the  Straße says. Yes: nine hundred and ninety nine mice."},
    {"made/r": "The fox lives in a den.", "made/t": "The wren sings."},
)


def verdict(module: ModuleType, question: Question, params: Checks, context: Context) -> Question | Dropped:
    check: Check = module.check
    found = check(question, Surroundings(BARN, params, context.tokenizer, {}))
    assert isinstance(found, Question | Dropped)
    return found


def reason(found: Question | Dropped) -> str | None:
    return found.reason if isinstance(found, Dropped) else None


@pytest.mark.parametrize(
    ("answers", "kept"), [([], False), ([""], False), (["", ""], False), (["x"], True), (["", "x"], True)]
)
def test_unanswerable(answers: list[str], kept: bool, context: Context) -> None:
    question = make_question(answers=answers)
    for params in (LAX, STRICT):
        found = verdict(unanswerable, question, params, context)
        assert found == (question if kept else Dropped("unanswerable", "no gold answer"))


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
def test_yes_no(answers: list[str], kept: bool, context: Context) -> None:
    question = make_question(answers=answers)
    found = verdict(yes_no, question, STRICT, context)
    assert found == (question if kept else Dropped("yes/no question", answers[0]))
    assert verdict(yes_no, question, LAX, context) == question


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
def test_answer_length(answers: list[str], left: list[str] | None, context: Context) -> None:
    assert [context.tokenizer.count(answer) for answer in (FOUR, FIVE)] == [4, 5]
    question = make_question(answers=answers)
    found = verdict(answer_length, question, STRICT, context)
    if left is None:
        assert found == Dropped("answer too long", f"over 4 tokens: {FIVE!r}")
    else:
        assert found == make_question(answers=left)
    assert question.answers == answers
    assert verdict(answer_length, question, LAX, context) == question


@pytest.mark.parametrize(
    ("text", "answers", "given_away"),
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
def test_answer_in_question(text: str, answers: list[str], given_away: str | None, context: Context) -> None:
    question = make_question(text=text, answers=answers)
    found = verdict(answer_in_question, question, STRICT, context)
    assert found == (Dropped("answer in question", repr(given_away)) if given_away else question)
    assert verdict(answer_in_question, question, LAX, context) == question


@pytest.mark.parametrize(
    ("answers", "evidence", "chunks", "kept"),
    [
        (["a barn"], ["made/s"], [0], True),
        (["A  BARN"], ["made/s"], [0], True),
        (["STRASSE"], ["made/s"], [0], True),
        (["a den", "a barn"], ["made/s"], [0], True),
        (["a den"], ["made/s", "made/r"], [0, 1], True),
        (["a den"], ["made/s"], [0], False),
        # in the same chunk, but in a segment that is no evidence; between two segments; in the opening
        (["a den"], ["made/t"], [1], False),
        (["den. The wren"], ["made/r", "made/t"], [1], False),
        (["Opening"], ["made/s"], [0], False),
        (["a bar n"], ["made/s"], [0], False),
    ],
)
def test_answer_in_evidence(
    answers: list[str], evidence: list[str], chunks: list[int], kept: bool, context: Context
) -> None:
    question = make_question(answers=answers, evidence=evidence, evidence_chunks=chunks)
    for params in (LAX, STRICT):
        found = verdict(answer_in_evidence, question, params, context)
        assert found == (question if kept else Dropped("answer not in evidence", repr(answers[0])))


@pytest.mark.parametrize("metric", ["exact", "judge"])
def test_only_containment_needs_the_answer_in_the_evidence(metric: str, context: Context) -> None:
    question = make_question(answers=["7"], metric=metric)
    assert verdict(answer_in_evidence, question, STRICT, context) == question


def run(question: Question, context: Context) -> Question | Dropped:
    return run_checks(question, Surroundings(BARN, STRICT, context.tokenizer, {}))


def test_a_good_question_is_kept(context: Context) -> None:
    assert run(make_question(), context) == make_question()


@pytest.mark.parametrize(
    ("text", "answers", "why"),
    [
        ("?", [], "unanswerable"),
        ("yes?", ["yes"], "yes/no question"),
        (f"Is it {FIVE}?", [FIVE], "answer too long"),
        ("Is it a den?", ["a den"], "answer in question"),
    ],
)
def test_a_question_stops_at_the_first_check_that_drops_it(
    text: str, answers: Sequence[str], why: str, context: Context
) -> None:
    assert reason(run(make_question(text=text, answers=answers), context)) == why


def test_a_dropped_answer_counts_no_more(context: Context) -> None:
    """The long answer stands in the evidence, the short one that is left does not."""
    assert reason(run(make_question(answers=[FIVE, "a den"]), context)) == "answer not in evidence"
    text = f"Is it {FIVE}?"
    assert run(make_question(text=text, answers=[FIVE, "a barn"]), context) == make_question(
        text=text, answers=["a barn"]
    )
