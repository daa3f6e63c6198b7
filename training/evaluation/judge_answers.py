"""Score answers by a judge, a model, where comparing strings cannot (paper: LongMemEval)."""

from collections.abc import Sequence

from pydantic import BaseModel

from pipeline.core.params import ModelSettings
from pipeline.llm.client import Job, LLMClient
from pipeline.llm.prompts import render_prompt
from training.memory.schema import EpisodeQuestion


class _Verdict(BaseModel):
    correct: bool


class EndpointAnswerJudge:
    """The AnswerJudge of a model behind the endpoint."""

    def __init__(self, model_params: ModelSettings, client: LLMClient) -> None:
        """Send a trial request; raises MemcurateError where the model does not answer it."""
        self._model_params = model_params
        self._client = client
        client.check_model(model_params, "judge of answers")

    def score_answers(self, answered: Sequence[tuple[EpisodeQuestion, str]]) -> list[float | None]:
        """Return 1 or 0 for each (question, answer); None where the model gives no verdict.

        An empty answer is wrong without a request. Raises MemcurateError where the endpoint answers no more
        requests.
        """
        indices = [index for index, (_, answer) in enumerate(answered) if answer.strip()]
        jobs = [_build_job(*answered[index]) for index in indices]
        results = self._client.run_jobs(jobs, self._model_params, "judge of answers")
        scores: list[float | None] = [0.0] * len(answered)
        for index, result in zip(indices, results, strict=True):
            scores[index] = None if result.reply is None else float(result.reply.correct)
        return scores


def _build_job(question: EpisodeQuestion, answer: str) -> Job[_Verdict]:
    gold = " or ".join(question.answers)
    return Job(
        question.id, render_prompt("answers/judge", question=question.text, gold=gold, reply=answer), _Verdict
    )
