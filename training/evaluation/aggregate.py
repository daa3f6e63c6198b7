"""Aggregate the episodes of an evaluation by method and source, with 95 % intervals and an average."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

import numpy as np

from training.evaluation.bootstrap import ScoresByInstance, bootstrap_means, confidence_interval
from training.evaluation.rewards import mean
from training.memory.call_outcome import call_outcome
from training.memory.schema import Episode

AVERAGE = "average"  # in place of a source: the mean over the sources

Delta = tuple[float, float, float]  # a difference, and the ends of its 95 % interval

_Means = tuple[float, float, float, float, float, float]  # r1, r2, r3, r4, total, memory tokens


@dataclass(frozen=True, slots=True)
class ScoreCell:
    """The scores of a method on a source."""

    score: float  # r1, mean over the instances
    ci_low: float  # ends of its 95 % interval
    ci_high: float
    tool_format: float  # r2
    compression: float  # r3
    content: float  # r4
    total: float
    memory_tokens: float  # mean over the instances
    instances: int
    questions: int  # scored questions
    delta: Delta | None  # score minus that of ScoreTable.reference
    total_delta: Delta | None  # total minus that of ScoreTable.reference


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """The scores of methods on sources, at one length."""

    context_length: int | None  # None: the test instances as they are
    reference: str  # the method that deltas are measured from
    cells: dict[str, dict[str, ScoreCell]]  # by method, by source and AVERAGE
    num_unscored: dict[str, int]  # questions of each source that only a judge can score
    call_outcomes: dict[str, Counter[str]]  # by method: number of calls by outcome

    @property
    def sources(self) -> list[str]:
        """Names of the sources, in alphabetical order."""
        return sorted({source for row in self.cells.values() for source in row} - {AVERAGE})


@dataclass(slots=True)
class _MethodScores:
    """The episodes of a method on a source, without their texts."""

    scores: dict[str, list[float]] = field(default_factory=dict)  # of scored questions, by instance
    totals: dict[str, list[float]] = field(default_factory=dict)  # by instance
    rewards: list[_Means] = field(default_factory=list)


@dataclass(slots=True)
class _LengthGroup:
    """The episodes of one length."""

    rows: dict[str, dict[str, _MethodScores]] = field(default_factory=dict)  # by method, by source
    num_unscored: dict[str, dict[str, int]] = field(default_factory=dict)  # by source, by instance
    call_outcomes: dict[str, Counter[str]] = field(default_factory=dict)  # by method


@dataclass(frozen=True, slots=True)
class _Samples:
    """The bootstrap of a cell: resampled scores, and deltas with the measured one first."""

    scores: np.ndarray
    deltas: np.ndarray | None
    total_deltas: np.ndarray | None


class EpisodeAggregator:
    """Collects episodes one by one and builds the tables of their scores."""

    def __init__(self, num_samples: int, seed: int, reference: str) -> None:
        """Draw `num_samples` bootstrap samples by `seed`; deltas are measured from the method `reference`."""
        self._num_samples = num_samples
        self._seed = seed
        self._reference = reference
        self._lengths: dict[int | None, _LengthGroup] = defaultdict(_LengthGroup)

    def add(self, episode: Episode) -> None:
        """Add an episode; one without a scored question counts in outcomes and unscored questions only."""
        group = self._lengths[episode.context_length]
        if episode.steps:
            outcomes = group.call_outcomes.setdefault(episode.method, Counter())
            outcomes.update(call_outcome(call) for step in episode.steps for call in step.calls)
        scores = [answer.score for answer in episode.answers if answer.score is not None]
        num_unscored = len(episode.answers) - len(scores)
        group.num_unscored.setdefault(episode.source, {})[episode.instance] = num_unscored
        if episode.correctness is None or episode.total is None:
            return
        method_scores = group.rows.setdefault(episode.method, {}).setdefault(episode.source, _MethodScores())
        method_scores.scores[episode.instance] = scores
        method_scores.totals[episode.instance] = [episode.total]
        method_scores.rewards.append(
            (
                episode.correctness,
                episode.tool_format,
                episode.compression,
                episode.content,
                episode.total,
                episode.memory_tokens,
            )
        )

    def build_tables(self) -> list[ScoreTable]:
        """Return a table of the test instances as they are, then one per length, shortest first."""
        return [self._build_table(length) for length in sorted(self._lengths, key=lambda one: one or 0)]

    def _build_table(self, context_length: int | None) -> ScoreTable:
        group = self._lengths[context_length]
        reference = group.rows.get(self._reference, {})
        # Without calls a method has no r2 and r4, so its total is not comparable with one that has.
        writers = group.call_outcomes.keys() if self._reference in group.call_outcomes else set()
        cells = {
            method: self._build_row(row, reference, with_totals=method in writers)
            for method, row in group.rows.items()
        }
        num_unscored = {source: sum(counts.values()) for source, counts in group.num_unscored.items()}
        return ScoreTable(context_length, self._reference, cells, num_unscored, group.call_outcomes)

    def _build_row(
        self, row: Mapping[str, _MethodScores], reference: Mapping[str, _MethodScores], with_totals: bool
    ) -> dict[str, ScoreCell]:
        cells: dict[str, ScoreCell] = {}
        samples: list[_Samples] = []
        for source, own in sorted(row.items()):
            other = reference.get(source)
            if other is None or other is own:
                other = _MethodScores()
            samples.append(
                _Samples(
                    bootstrap_means(own.scores, self._num_samples, self._seed),
                    self._paired_deltas(own.scores, other.scores),
                    self._paired_deltas(own.totals, other.totals) if with_totals else None,
                )
            )
            num_questions = sum(map(len, own.scores.values()))
            cells[source] = _build_cell(own.rewards, len(own.scores), num_questions, samples[-1])
        cells[AVERAGE] = _average_cells(list(cells.values()), samples)
        return cells

    def _paired_deltas(self, own: ScoresByInstance, other: ScoresByInstance) -> np.ndarray | None:
        """Return the difference on the instances of both methods, then its bootstrap samples."""
        common = sorted(own.keys() & other.keys())
        if not common:
            return None
        own, other = ({name: scores[name] for name in common} for scores in (own, other))
        samples = bootstrap_means(own, self._num_samples, self._seed) - bootstrap_means(
            other, self._num_samples, self._seed
        )
        return np.concatenate([[_mean_over_instances(own) - _mean_over_instances(other)], samples])


def _mean_over_instances(scores: ScoresByInstance) -> float:
    """Return the mean over the instances of the mean over their questions."""
    return mean([mean(question_scores) for question_scores in scores.values()])


@overload
def _mean_arrays(arrays: Sequence[np.ndarray]) -> np.ndarray: ...


@overload
def _mean_arrays(arrays: Sequence[np.ndarray | None]) -> np.ndarray | None: ...


def _mean_arrays(arrays: Sequence[np.ndarray | None]) -> np.ndarray | None:
    """Return the mean of arrays of one shape; None where one of them is missing."""
    present = [array for array in arrays if array is not None]
    return np.asarray(np.mean(present, axis=0)) if len(present) == len(arrays) else None


def _build_cell(
    rewards: Sequence[_Means], num_instances: int, num_questions: int, samples: _Samples
) -> ScoreCell:
    """Build a cell from the rewards of its instances, or of the cells that it averages."""
    score, tool_format, compression, content, total, memory_tokens = map(mean, zip(*rewards, strict=True))
    low, high = confidence_interval(samples.scores)
    return ScoreCell(
        score=score,
        ci_low=low,
        ci_high=high,
        tool_format=tool_format,
        compression=compression,
        content=content,
        total=total,
        memory_tokens=memory_tokens,
        instances=num_instances,
        questions=num_questions,
        delta=_build_delta(samples.deltas),
        total_delta=_build_delta(samples.total_deltas),
    )


def _average_cells(cells: Sequence[ScoreCell], samples: Sequence[_Samples]) -> ScoreCell:
    """Return the mean of a method's cells; instances and questions are sums."""
    means = [
        (cell.score, cell.tool_format, cell.compression, cell.content, cell.total, cell.memory_tokens)
        for cell in cells
    ]
    averaged = _Samples(
        _mean_arrays([one.scores for one in samples]),
        _mean_arrays([one.deltas for one in samples]),
        _mean_arrays([one.total_deltas for one in samples]),
    )
    num_instances, num_questions = sum(one.instances for one in cells), sum(one.questions for one in cells)
    return _build_cell(means, num_instances, num_questions, averaged)


def _build_delta(samples: np.ndarray | None) -> Delta | None:
    return None if samples is None else (float(samples[0]), *confidence_interval(samples[1:]))
