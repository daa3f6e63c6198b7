"""Methods on instances: what each kept is asked by the same answerer, with the same room, and rewarded.

A method is a policy, which writes a memory, or a baseline that keeps chunks or nothing. Only long context
reads more than `answer.max_tokens`: it is what could be known at best, not a memory.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.text.tokens import Count
from training import rewards
from training.answering import Answerer, Asked
from training.answering.judge import AnswerJudge
from training.chats import Chat
from training.episodes import Played, play
from training.judging import judge
from training.memory import Memory
from training.metrics import contained, score
from training.params import AgentParams
from training.policies import Policy
from training.recall import FromChunks, FromMemory, NewestChunks, Nothing, Piece, Recall, fitted
from training.schema import Answered, Episode, InstanceToPlay, QuestionToAsk


@dataclass(frozen=True)
class Evaluator:
    """What all methods share."""

    params: AgentParams
    count: Count
    answerer: Answerer
    longest: int  # tokens of a long context that the answerer can read
    answer_judge: AnswerJudge | None = None  # of what no string measures; None: it is not measured
    operation_judge: Chat | None = None  # None: the rules

    def policy(
        self, policy: Policy, instances: Iterable[InstanceToPlay], stretch: int | None
    ) -> Iterator[Episode]:
        """The episodes of a policy, in the order of the instances."""
        for played in play(policy, instances, self.params.memory.core_tokens, self.count):
            yield self.finished(policy.name, played, stretch)

    def finished(self, method: str, played: Played, stretch: int | None) -> Episode:
        """The episode of a memory that was written: judged, asked, rewarded."""
        if self.operation_judge is not None:
            judge(played.steps, self.operation_judge)
        recall = FromMemory(played.memory, self.params.answer.retrieve)
        return self._episode(method, played, recall, stretch)

    def baseline(
        self, name: str, instances: Iterable[InstanceToPlay], stretch: int | None
    ) -> Iterator[Episode]:
        """The episodes of a method that writes no memory."""
        for instance in instances:
            recall = _BASELINES[name](instance, self)
            yield self._episode(name, Played(instance, Memory(self.count, 0)), recall, stretch)

    def _episode(self, method: str, played: Played, recall: Recall, stretch: int | None) -> Episode:
        instance = played.instance
        answers = self._answers(instance.questions, recall)
        r1 = rewards.correctness([answer.score for answer in answers])
        r2 = rewards.mean(rewards.tool_format(step.calls) for step in played.steps)
        r3 = rewards.compression(recall.tokens, instance.tokens)
        r4 = rewards.mean(rewards.content(step.calls) for step in played.steps)
        return Episode(
            id=f"{method}:{instance.id}",
            method=method,
            instance=instance.id,
            source=instance.source,
            stretch=stretch,
            tokens=instance.tokens,
            steps=played.steps,
            core=played.memory.core,
            entries=played.entries(),
            memory_tokens=recall.tokens,
            answers=answers,
            correctness=r1,
            tool_format=r2,
            compression=r3,
            content=r4,
            total=rewards.total(r1, r2, r3, r4, self.params.rewards),
        )

    def _answers(self, questions: Sequence[QuestionToAsk], recall: Recall) -> list[Answered]:
        asked = [Asked(question, self._read(recall, question)) for question in questions]
        replies = self.answerer.answer(asked)
        scores = self._scores([(one.question, reply) for one, reply in zip(asked, replies, strict=True)])
        return [
            self._answered(one, reply, scored)
            for one, reply, scored in zip(asked, replies, scores, strict=True)
        ]

    def _scores(self, answered: Sequence[tuple[QuestionToAsk, str]]) -> list[float | None]:
        scores = [score(question.metric, question.answers, reply) for question, reply in answered]
        if self.answer_judge is not None:
            open_ = [place for place, (question, _) in enumerate(answered) if question.metric == "judge"]
            verdicts = self.answer_judge.scores([answered[place] for place in open_])
            for place, verdict in zip(open_, verdicts, strict=True):
                scores[place] = verdict
        return scores

    def _read(self, recall: Recall, question: QuestionToAsk) -> Sequence[Piece]:
        pieces = recall.recall(question.text)
        if isinstance(recall, NewestChunks):
            return pieces
        return fitted(pieces, self.params.answer.max_tokens, self.count)

    def _answered(self, asked: Asked, reply: str, scored: float | None) -> Answered:
        question = asked.question
        whole = self.params.answer.by == "contains" and question.metric != "exact"
        return Answered(
            question=question.id,
            text=question.text,
            gold=question.answers,
            metric=question.metric,
            recalled=[piece.name for piece in asked.pieces],
            tokens=sum(self.count(piece.text) for piece in asked.pieces),
            answer="; ".join(contained(question.answers, reply)) if whole else reply,
            score=scored,
        )


def _texts(instance: InstanceToPlay) -> list[str]:
    return [chunk.text for chunk in instance.chunks]


def _newest(instance: InstanceToPlay, evaluator: Evaluator) -> Recall:
    return NewestChunks(_texts(instance), evaluator.longest, evaluator.count)


_BASELINES: dict[str, Callable[[InstanceToPlay, Evaluator], Recall]] = {
    "bm25_chunks": lambda instance, _: FromChunks(_texts(instance), instance.tokens),
    "empty_memory": lambda instance, _: Nothing(),
    "long_context": _newest,
}
