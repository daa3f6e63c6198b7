"""Evaluate methods on instances: answer the questions from what each method keeps, then score and reward.

A method is a policy, which writes a memory, or a baseline, which keeps chunks or nothing. All methods share
one answerer, and it reads at most `answer.max_context_tokens` of each. Only long context reads more: it is an
upper bound, not a memory.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.core.params import AgentParams
from pipeline.core.params.agent import AnswerParams
from pipeline.core.schema import Metric
from pipeline.text.tokens import TokenCounter
from training.evaluation import rewards
from training.evaluation.answer_metrics import find_gold_answers, score_answer
from training.evaluation.answering import Answerer, AnswerRequest
from training.evaluation.judge_answers import AnswerJudge
from training.evaluation.judge_operations import judge_operations
from training.evaluation.retrieval import (
    ChunkRetriever,
    EmptyMemory,
    LongContext,
    MemoryRetriever,
    Passage,
    Retriever,
    truncate_passages,
)
from training.memory.memory import Memory
from training.memory.schema import AnswerRecord, Episode, EpisodeInput, EpisodeQuestion
from training.policies import Policy
from training.policies.chats import ChatModel
from training.policies.run_episodes import Trajectory, run_episodes


@dataclass(frozen=True)
class Evaluator:
    """The params, answerer and judges that all methods share."""

    params: AgentParams
    count_tokens: TokenCounter
    answerer: Answerer
    long_context_tokens: int  # tokens of a long context that the answerer can read
    answer_judge: AnswerJudge | None = None  # None: questions of the metric `judge` get no score
    operation_judge: ChatModel | None = None  # None: the rules of content_validity.py

    def evaluate_policy(
        self, policy: Policy, instances: Iterable[EpisodeInput], context_length: int | None
    ) -> Iterator[Episode]:
        """Yield the episodes of a policy, in the order of the instances."""
        core_tokens = self.params.memory.core_tokens
        for trajectory in run_episodes(policy, instances, core_tokens, self.count_tokens):
            yield self.score_trajectory(policy.name, trajectory, context_length)

    def score_trajectory(self, method: str, trajectory: Trajectory, context_length: int | None) -> Episode:
        """Judge the operations of a trajectory, answer the questions from its memory, and reward both."""
        if self.operation_judge is not None:
            judge_operations(trajectory.steps, self.operation_judge)
        retriever = MemoryRetriever(trajectory.memory, self.params.answer.top_k)
        return self._build_episode(method, trajectory, retriever, context_length)

    def evaluate_baseline(
        self, name: str, instances: Iterable[EpisodeInput], context_length: int | None
    ) -> Iterator[Episode]:
        """Yield the episodes of a baseline, which writes no memory, in the order of the instances."""
        for instance in instances:
            retriever = _BASELINES[name](instance, self)
            trajectory = Trajectory(instance, Memory(self.count_tokens, 0))
            yield self._build_episode(name, trajectory, retriever, context_length)

    def _build_episode(
        self, method: str, trajectory: Trajectory, retriever: Retriever, context_length: int | None
    ) -> Episode:
        instance = trajectory.instance
        answers = self._answer_questions(instance.questions, retriever)
        r1 = rewards.correctness([answer.score for answer in answers])
        r2 = rewards.mean(rewards.tool_format(step.calls) for step in trajectory.steps)
        r3 = rewards.compression(retriever.memory_tokens, instance.tokens)
        r4 = rewards.mean(rewards.content(step.calls) for step in trajectory.steps)
        return Episode(
            id=f"{method}:{instance.id}",
            method=method,
            instance=instance.id,
            source=instance.source,
            context_length=context_length,
            tokens=instance.tokens,
            steps=trajectory.steps,
            core=trajectory.memory.core,
            entries=trajectory.stored_entries(),
            memory_tokens=retriever.memory_tokens,
            answers=answers,
            correctness=r1,
            tool_format=r2,
            compression=r3,
            content=r4,
            total=rewards.total_reward(r1, r2, r3, r4, self.params.rewards),
        )

    def _answer_questions(
        self, questions: Sequence[EpisodeQuestion], retriever: Retriever
    ) -> list[AnswerRecord]:
        may_abstain = any(question.metric == "abstain" for question in questions)
        requests = [
            AnswerRequest(question, self._retrieve_passages(retriever, question), may_abstain)
            for question in questions
        ]
        answers = self.answerer.answer(requests)
        scores = self._score_answers(list(zip(questions, answers, strict=True)))
        return [
            self._build_record(request, answer, score)
            for request, answer, score in zip(requests, answers, scores, strict=True)
        ]

    def _score_answers(self, answered: Sequence[tuple[EpisodeQuestion, str]]) -> list[float | None]:
        unscored = unscored_metrics(self.params.answer)
        scores = [
            None if question.metric in unscored else score_answer(question.metric, question.answers, answer)
            for question, answer in answered
        ]
        if self.answer_judge is not None:
            judged = [index for index, (question, _) in enumerate(answered) if question.metric == "judge"]
            verdicts = self.answer_judge.score_answers([answered[index] for index in judged])
            for index, verdict in zip(judged, verdicts, strict=True):
                scores[index] = verdict
        return scores

    def _retrieve_passages(self, retriever: Retriever, question: EpisodeQuestion) -> Sequence[Passage]:
        passages = retriever.retrieve(question.text)
        if isinstance(retriever, LongContext):
            return passages
        return truncate_passages(passages, self.params.answer.max_context_tokens, self.count_tokens)

    def _build_record(self, request: AnswerRequest, answer: str, score: float | None) -> AnswerRecord:
        question = request.question
        # An extractive answer is all passages: the record keeps the gold answers in them alone.
        is_whole_context = self.params.answer.backend == "extractive" and question.metric != "exact"
        return AnswerRecord(
            question=question.id,
            text=question.text,
            gold_answers=question.answers,
            metric=question.metric,
            retrieved=[passage.id for passage in request.passages],
            tokens=sum(self.count_tokens(passage.text) for passage in request.passages),
            answer="; ".join(find_gold_answers(question.answers, answer)) if is_whole_context else answer,
            score=score,
        )


def unscored_metrics(answer: AnswerParams) -> frozenset[Metric]:
    """Return the metrics that the answerer can have no score by: passages never say that they do not know."""
    return frozenset({"abstain"}) if answer.backend == "extractive" else frozenset()


def _chunk_texts(instance: EpisodeInput) -> list[str]:
    return [chunk.text for chunk in instance.chunks]


def _build_long_context(instance: EpisodeInput, evaluator: Evaluator) -> Retriever:
    return LongContext(_chunk_texts(instance), evaluator.long_context_tokens, evaluator.count_tokens)


_BASELINES: dict[str, Callable[[EpisodeInput, Evaluator], Retriever]] = {
    "bm25_chunks": lambda instance, _: ChunkRetriever(_chunk_texts(instance), instance.tokens),
    "empty_memory": lambda instance, _: EmptyMemory(),
    "long_context": _build_long_context,
}
