"""The checks of clozes in other languages: ambiguity, and answers that the question gives away."""

from dataclasses import replace

import pytest

from pipeline.checks import ambiguous_cloze, answer_in_question
from pipeline.checks.context import CheckContext
from pipeline.chunking import ChunkingContext
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Question
from tests.pipeline.checks.factories import LAX_PARAMS
from tests.pipeline.questions.factories import make_instance, make_question

STRICT = LAX_PARAMS.model_copy(update={"drop_answer_in_question": True})


def make_cloze(text: str, answer: str) -> Question:
    return replace(make_question(text=f"?\n{text}", answers=[answer]), origin="cloze")


def find_reason(
    check_module: object, question: Question, language: str, context: ChunkingContext, *others: str
) -> str | None:
    """Return the reason to drop a cloze beside other segments; None where it is kept."""
    segments = {f"made/{number}": text for number, text in enumerate(others)}
    evidence = {"made/s": question.text.partition("\n")[2].replace("____", question.answers[0])}
    instance = make_instance("made/i", evidence, segments)
    check_context = CheckContext(instance, STRICT, context.tokenizer, {}, language)
    result = check_module.check(question, check_context)  # type: ignore[attr-defined]
    if isinstance(result, Rejection):
        return result.reason
    assert result == question
    return None


@pytest.mark.parametrize(
    ("language", "text", "answer", "other", "reason"),
    [
        ("zh", "他在____买了一辆红色的自行车。", "巴黎", "他在罗马买了一辆红色的自行车。", "ambiguous cloze"),
        ("zh", "他在____买了一辆红色的自行车。", "巴黎", "他在巴黎也买了一辆红色的自行车。", None),
        ("zh", "他在____买了一辆红色的自行车。", "巴黎", "她在罗马卖了三本旧书和一张地图。", None),
        ("zh", "他在____。", "巴黎", "没有", "cloze says too little"),
        ("de", "Ich kaufte in ____ ein rotes Rennrad.", "Paris", "In Rom kaufte ich ein rotes Rennrad.",
         "ambiguous cloze"),
        ("de", "Ich kaufte in ____ ein rotes Rennrad.", "Paris", "In Rom verkaufte ich Boote.", None),
        ("de", "Ich war mit ihm in ____ und sie auch.", "Paris", "nichts", "cloze says too little"),
        ("es", "Compré una bicicleta roja en ____.", "París", "En Roma compré una bicicleta roja.",
         "ambiguous cloze"),
        ("fr", "J'achetai un vélo rouge à ____.", "Paris", "À Rome j'achetai un vélo rouge.",
         "ambiguous cloze"),
    ],
)  # fmt: skip
def test_a_cloze_that_another_segment_answers_is_dropped(
    language: str, text: str, answer: str, other: str, reason: str | None, context: ChunkingContext
) -> None:
    assert find_reason(ambiguous_cloze, make_cloze(text, answer), language, context, other) == reason


@pytest.mark.parametrize(
    ("language", "text", "answer", "is_dropped"),
    [
        ("de", "Luthers Schriften zeigen, dass ____ dort war.", "Luther", True),
        ("de", "Die Chicagoer Bahn fährt durch ____ im Norden.", "Chicago", True),
        ("de", "Die Bahn fährt durch ____ im Norden.", "Chicago", False),
        ("en", "The Chicagoans took a train through ____ up north.", "Chicago", False),
        ("es", "Los madrileños viven en ____ y en Madrid.", "Madrid", True),
        ("zh", "芝加哥大学在____市中心。", "芝加哥", True),
        ("zh", "该大学在____市中心。", "芝加哥", False),
        ("zh", "从125公里到____公里。", "25", False),
        ("ar", "Luthers Schriften zeigen, dass ____ dort war.", "Luther", False),
    ],
)
def test_an_answer_that_the_question_gives_away_is_dropped(
    language: str, text: str, answer: str, is_dropped: bool, context: ChunkingContext
) -> None:
    reason = find_reason(answer_in_question, make_cloze(text, answer), language, context)
    assert reason == ("answer in question" if is_dropped else None)
