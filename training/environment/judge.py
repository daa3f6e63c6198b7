"""The judge of answers of an environment: a function that completes chats, with the prompt of the project.

`training/evaluation/judge_answers.py` is the same judge behind the project's endpoint.
"""

from collections.abc import Sequence

from pipeline.llm.lenient_json import find_objects
from pipeline.llm.prompts import render_prompt
from pipeline.llm.thinking import strip_thinking
from training.environment.evaluators import CompleteFn, FunctionChatModel
from training.memory.prompts import Message
from training.memory.schema import EpisodeQuestion
from training.policies.chats import SamplingParams

_SAMPLING = SamplingParams(max_tokens=256, temperature=0.0)  # the function has its own


class FunctionAnswerJudge:
    """The AnswerJudge of a function that completes chats."""

    def __init__(self, complete: CompleteFn) -> None:
        """`complete` takes a list of chats and returns a reply for each."""
        self._model = FunctionChatModel("answer_judge", complete)

    def score_answers(self, answered: Sequence[tuple[EpisodeQuestion, str]]) -> list[float | None]:
        """Return 1 or 0 for each (question, answer); None where a reply holds no verdict.

        An empty answer is wrong without a question to the judge. Raises MemcurateError where the function
        does not give one text for each chat.
        """
        indices = [index for index, (_, answer) in enumerate(answered) if answer.strip()]
        chats = [build_judge_chat(*answered[index]) for index in indices]
        scores: list[float | None] = [0.0] * len(answered)
        for index, reply in zip(indices, self._model.complete(chats, _SAMPLING, False), strict=True):
            scores[index] = parse_verdict(reply)
        return scores


def build_judge_chat(question: EpisodeQuestion, answer: str) -> list[Message]:
    """Build the messages that ask whether an answer is right."""
    gold = " or ".join(question.answers)
    return render_prompt("answers/judge", question=question.text, gold=gold, reply=answer)


def parse_verdict(reply: str) -> float | None:
    """Return the verdict of the first JSON object in a judge's reply, 1 or 0; None where it has none."""
    first = next(find_objects(strip_thinking(reply)), None)
    value = first.value if first and first.error is None else None
    correct = value.get("correct") if isinstance(value, dict) else None
    return float(correct) if isinstance(correct, bool) else None
