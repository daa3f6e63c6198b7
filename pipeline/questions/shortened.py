"""Long answers shortened by a model to keywords (paper: PerLTQA): parts of at most three of its words."""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel

from pipeline.endpoint.asking import Asker, Item
from pipeline.ids import short_id
from pipeline.params import Ask
from pipeline.prompts import prompt
from pipeline.questions.rejecting import rejected_question
from pipeline.schema import AskedQuestion, Reject
from pipeline.text.normal import words

_MOST_WORDS = 3


class _Short(BaseModel):
    answer: str


def shorten(
    asked: Sequence[AskedQuestion], how: Ask, asker: Asker, source: str
) -> tuple[list[AskedQuestion], list[Reject]]:
    """(the questions, long answers as keywords; those whose answer could not be shortened)."""
    long = [row for row in asked if _is_long(row)]
    items = [
        Item(
            row.question.id,
            prompt("questions/shorten", question=row.question.text, answer=row.question.answers[0]),
            _Short,
        )
        for row in long
    ]
    kept = [row for row in asked if not _is_long(row)]
    rejects: list[Reject] = []
    for row, outcome in zip(long, asker.ask(items, how, "shortened answers"), strict=True):
        question = row.question
        if outcome.reply is None:
            why = (f"answer not shortened: {outcome.reason}", outcome.detail)
            rejects.append(rejected_question(source, "question", question, *why))
            continue
        parts = [part.strip(" .") for part in outcome.reply.answer.split(";") if part.strip(" .")]
        wrong = _wrong(parts, question.answers[0])
        if wrong:
            why = ("answer not shortened", f"{wrong}: {outcome.reply.answer[:200]!r}")
            rejects.append(rejected_question(source, "question", question, *why))
        else:
            identity = short_id(source, question.id, *parts)
            short = replace(question, id=identity, answers=parts, metric="keywords")
            kept.append(AskedQuestion(row.instance, short))
    return kept, rejects


def _is_long(row: AskedQuestion) -> bool:
    question = row.question
    return question.metric in ("contains", "judge") and all(
        len(answer.split()) > _MOST_WORDS for answer in question.answers
    )


def _wrong(parts: Sequence[str], answer: str) -> str | None:
    """What is wrong with the parts; None: nothing."""
    if not parts:
        return "nothing is left"
    if any(len(part.split()) > _MOST_WORDS for part in parts):
        return f"a part has more than {_MOST_WORDS} words"
    new = set(words(" ".join(parts))) - set(words(answer))
    return f"words that the answer does not have, such as {min(new)}" if new else None
