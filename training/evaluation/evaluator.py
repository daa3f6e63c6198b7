"""Evaluate methods on instances: answer the questions from what each method keeps, then score and reward.

A method is a policy, which writes a memory, or a baseline, which keeps chunks or nothing. All methods share
one answerer, and it reads at most `answer.max_context_tokens` of each. Only long context reads more: it is an
upper bound, not a memory.

A question that is asked after an earlier chunk is answered from what the method kept after that chunk.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.core.agent_params import AnswerParams, EpisodeParams
from pipeline.text.tokens import TokenCounter
from training.evaluation import rewards
from training.evaluation.answer_metrics import find_gold_answers, score_answer
from training.evaluation.answering import Answerer, AnswerJudge, AnswerRequest
from training.evaluation.answering.extractive import is_answered_by_passages
from training.evaluation.judge_operations import judge_operations
from training.evaluation.memory_measures import mean_measures, measure_steps
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
from training.memory.replay import replay_steps
from training.memory.schema import AnswerRecord, Episode, EpisodeInput, EpisodeQuestion
from training.policies import Policy
from training.policies.chats import ChatModel
from training.policies.run_episodes import Trajectory, run_episodes

TOKEN_CACHE_SIZE = 1 << 14  # texts whose counts are kept: most passages are retrieved for several questions


@dataclass(frozen=True)
class Evaluator:
    """The params, answerer and judges that all methods share."""

    params: EpisodeParams
    count_tokens: TokenCounter
    answerer: Answerer
    long_context_tokens: int  # tokens of a long context that the answerer can read
    answer_judge: AnswerJudge | None = None  # None: questions of the metric `judge` get no score
    operation_judge: ChatModel | None = None  # None: the rules of content_validity.py

    def evaluate_policy(
        self,
        policy: Policy,
        instances: Iterable[EpisodeInput],
        context_length: int | None,
        capacity: float | None = None,
    ) -> Iterator[Episode]:
        """Yield the episodes of a policy, in the order of the instances.

        `capacity` limits the memory to a fraction of each instance's tokens, beside `memory.max_tokens`.
        """
        core_tokens = self.params.memory.core_tokens

        def find_limit(instance: EpisodeInput) -> int | None:
            return self._find_limit(instance, capacity)

        for trajectory in run_episodes(policy, instances, core_tokens, self.count_tokens, find_limit):
            yield self.score_trajectory(policy.name, trajectory, context_length)

    def score_trajectory(self, method: str, trajectory: Trajectory, context_length: int | None) -> Episode:
        """Judge the operations of a trajectory, answer the questions from its memory, and reward both."""
        if self.operation_judge is not None:
            judge_operations(trajectory.steps, self.operation_judge)
        retriever = MemoryRetriever(trajectory.memory, self.params.answer.top_k)
        earlier = self._replay_retrievers(trajectory)
        return self._build_episode(method, trajectory, retriever, earlier, context_length)

    def _replay_retrievers(self, trajectory: Trajectory) -> Iterator[tuple[int, Retriever]]:
        """Yield the retriever from the memory after each chunk before the last that a question names."""
        asked = trajectory.instance.list_asked_chunks()
        if not asked:
            return
        steps, max_core_tokens = trajectory.steps[: asked[-1] + 1], trajectory.memory.max_core_tokens
        for index, memory in enumerate(replay_steps(steps, max_core_tokens, self.count_tokens)):
            if index in asked:
                yield index, MemoryRetriever(memory, self.params.answer.top_k)

    def evaluate_baseline(
        self,
        name: str,
        instances: Iterable[EpisodeInput],
        context_length: int | None,
        capacity: float | None = None,
    ) -> Iterator[Episode]:
        """Yield the episodes of a baseline, which writes no memory, in the order of the instances.

        `capacity` limits the chunks that it keeps, the newest ones, to a fraction of each instance's tokens.
        `memory.max_tokens` does not limit them.
        """
        for instance in instances:
            limit = None if capacity is None else int(capacity * instance.tokens)
            retriever = _BASELINES[name](instance, self, limit)
            trajectory = Trajectory(instance, Memory(self.count_tokens, 0))
            earlier = (
                (index, _BASELINES[name](_cut_after(instance, index), self, limit))
                for index in instance.list_asked_chunks()
            )
            yield self._build_episode(name, trajectory, retriever, earlier, context_length)

    def _find_limit(self, instance: EpisodeInput, capacity: float | None) -> int | None:
        """Return the tokens that a memory of an instance has at most; None: no limit."""
        limits = [
            self.params.memory.max_tokens,
            None if capacity is None else int(capacity * instance.tokens),
        ]
        return min((limit for limit in limits if limit is not None), default=None)

    def _build_episode(
        self,
        method: str,
        trajectory: Trajectory,
        retriever: Retriever,
        earlier: Iterable[tuple[int, Retriever]],
        context_length: int | None,
    ) -> Episode:
        """Build an episode; `earlier` has the retrievers after each of `EpisodeInput.list_asked_chunks`."""
        instance = trajectory.instance
        answers = self._answer_questions(instance.questions, self._retrieve_all(instance, retriever, earlier))
        r1 = rewards.correctness([answer.score for answer in answers])
        r2 = rewards.mean(rewards.tool_format(step.calls) for step in trajectory.steps)
        r3 = rewards.compression(retriever.memory_tokens, instance.tokens)
        r4 = rewards.mean(rewards.content(step.calls) for step in trajectory.steps)
        max_core_tokens = trajectory.memory.max_core_tokens
        measures = measure_steps(trajectory.steps, instance.facts, max_core_tokens, self.count_tokens)
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
            total=rewards.total_reward(r1, r2, r3, r4, self.params.rewards, mean_measures(measures)),
            measures=measures,
        )

    def _retrieve_all(
        self, instance: EpisodeInput, retriever: Retriever, earlier: Iterable[tuple[int, Retriever]]
    ) -> list[Sequence[Passage]]:
        """Return the passages for each question; a retriever is dropped before the next one is made."""
        found: dict[int, Sequence[Passage]] = {}
        for chunk, earlier_retriever in earlier:
            for number, question in enumerate(instance.questions):
                if question.after_chunk == chunk:
                    found[number] = self._retrieve_passages(earlier_retriever, question)
        return [
            found[number] if number in found else self._retrieve_passages(retriever, question)
            for number, question in enumerate(instance.questions)
        ]

    def _answer_questions(
        self, questions: Sequence[EpisodeQuestion], retrieved: Sequence[Sequence[Passage]]
    ) -> list[AnswerRecord]:
        may_abstain = any(question.metric == "abstain" for question in questions)
        requests = [
            AnswerRequest(question, passages, may_abstain)
            for question, passages in zip(questions, retrieved, strict=True)
        ]
        answers = self.answerer.answer(requests)
        scores = self._score_answers(list(zip(questions, answers, strict=True)))
        return [
            self._build_record(request, answer, score)
            for request, answer, score in zip(requests, answers, scores, strict=True)
        ]

    def _score_answers(self, answered: Sequence[tuple[EpisodeQuestion, str]]) -> list[float | None]:
        scores = [
            score_answer(question.metric, question.answers, answer, question.wrong_answers)
            if is_scored(question, self.params.answer)
            else None
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
        # Where an extractive answer is all passages, the record keeps the gold answers in them alone.
        is_whole_context = self.params.answer.backend == "extractive" and is_answered_by_passages(question)
        return AnswerRecord(
            question=question.id,
            text=question.text,
            gold_answers=question.answers,
            metric=question.metric,
            retrieved=[passage.id for passage in request.passages],
            tokens=sum(self.count_tokens(passage.text) for passage in request.passages),
            answer="; ".join(find_gold_answers(question.answers, answer)) if is_whole_context else answer,
            score=score,
            kind=question.kind,
            wrong_answers=question.wrong_answers,
            after_chunk=question.after_chunk,
        )


def is_scored(question: EpisodeQuestion, answer: AnswerParams) -> bool:
    """Return whether the answerer's answers to a question can be right or wrong.

    Only a model can count, and only a model can abstain from a question without wrong answers: there the
    extractive answerer has no values to choose from, so that its abstention would say nothing.
    """
    if answer.backend != "extractive" or question.metric not in ("abstain", "number"):
        return True
    return question.metric == "abstain" and bool(question.wrong_answers)


def _cut_after(instance: EpisodeInput, index: int) -> EpisodeInput:
    """Return an instance with its chunks up to an index, without those after it."""
    chunks = instance.chunks[: index + 1]
    return replace(instance, chunks=chunks, tokens=sum(chunk.tokens for chunk in chunks))


def _chunk_texts(instance: EpisodeInput) -> list[str]:
    return [chunk.text for chunk in instance.chunks]


def _build_chunk_retriever(instance: EpisodeInput, evaluator: Evaluator, limit: int | None) -> Retriever:
    return ChunkRetriever(_chunk_texts(instance), [chunk.tokens for chunk in instance.chunks], limit)


def _build_long_context(instance: EpisodeInput, evaluator: Evaluator, limit: int | None) -> Retriever:
    window = evaluator.long_context_tokens
    max_tokens = window if limit is None else min(window, limit)
    return LongContext(_chunk_texts(instance), max_tokens, evaluator.count_tokens)


# By name: builds the retriever of an instance, which keeps at most a number of tokens where one is given.
_BASELINES: dict[str, Callable[[EpisodeInput, Evaluator, int | None], Retriever]] = {
    "bm25_chunks": _build_chunk_retriever,
    "empty_memory": lambda instance, evaluator, limit: EmptyMemory(),
    "long_context": _build_long_context,
}
