"""Answers that no string can measure, by a judge (paper: LongMemEval): a model says whether each is right."""

from collections.abc import Sequence

from pydantic import BaseModel

from pipeline.endpoint.asking import Asker, Item
from pipeline.params import Ask
from pipeline.prompts import prompt
from training.schema import QuestionToAsk


class _Verdict(BaseModel):
    correct: bool


class AnswerJudge:
    """See above."""

    def __init__(self, how: Ask, asker: Asker) -> None:
        """Try the model out. Raises MemcurateError where it cannot be asked."""
        self._how = how
        self._asker = asker
        asker.try_out(how, "judge of answers")

    def scores(self, answered: Sequence[tuple[QuestionToAsk, str]]) -> list[float | None]:
        """1 or 0 for each question and its answer; None where there is no verdict.

        An empty answer is wrong, and nobody is asked. Raises MemcurateError where nothing more can be asked.
        """
        said = [place for place, (_, answer) in enumerate(answered) if answer.strip()]
        items = [_item(*answered[place]) for place in said]
        scores: list[float | None] = [0.0] * len(answered)
        for place, outcome in zip(said, self._asker.ask(items, self._how, "judge of answers"), strict=True):
            scores[place] = None if outcome.reply is None else float(outcome.reply.correct)
        return scores


def _item(question: QuestionToAsk, answer: str) -> Item[_Verdict]:
    gold = " or ".join(question.answers)
    return Item(
        question.id, prompt("answers/judge", question=question.text, gold=gold, reply=answer), _Verdict
    )
