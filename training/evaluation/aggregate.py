"""Aggregate the episodes of an evaluation by method and source, with 95 % intervals and an average."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from training.evaluation.bootstrap import bootstrap_means, confidence_interval
from training.evaluation.breakdowns import BreakdownCollector, KindTable, MemoryTable
from training.memory.call_outcome import call_outcome
from training.memory.schema import Episode

AVERAGE = "average"  # in place of a source: the mean over the sources

Delta = tuple[float, float, float]  # a difference, and the ends of its 95 % interval

_REWARD_COLUMNS = ["score", "tool_format", "compression", "content", "total", "memory_tokens"]
_COLUMNS = ["context_length", "method", "source", "instance", "question_scores", *_REWARD_COLUMNS]

# The bootstrap of a cell: resampled scores, then deltas of scores and of totals, with the measured one first.
_Samples = tuple[np.ndarray, np.ndarray | None, np.ndarray | None]


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
    num_unscored: dict[str, int]  # questions of each source that have no score
    call_outcomes: dict[str, Counter[str]]  # by method: number of calls by outcome
    kinds: KindTable = field(default_factory=dict)  # scores of questions that have a kind
    memory: MemoryTable = field(default_factory=dict)  # measures of memories of instances with facts

    @property
    def sources(self) -> list[str]:
        """Names of the sources, in alphabetical order."""
        return sorted({source for row in self.cells.values() for source in row} - {AVERAGE})


CapacityTables = Mapping[float, ScoreTable]  # by limit of the memory, as a fraction of an instance's tokens


class EpisodeAggregator:
    """Collects episodes one by one and builds the tables of their scores."""

    def __init__(self, num_samples: int, seed: int, reference: str) -> None:
        """Draw `num_samples` bootstrap samples by `seed`; deltas are measured from the method `reference`."""
        self._num_samples = num_samples
        self._seed = seed
        self._reference = reference
        self._rows: list[tuple[Any, ...]] = []  # of episodes with a scored question, in _COLUMNS
        self._num_unscored: dict[tuple[int, str, str], int] = {}  # questions by length, source and instance
        self._call_outcomes: dict[int, dict[str, Counter[str]]] = {}  # by length, by method
        self._breakdowns: dict[int, BreakdownCollector] = {}  # by length

    def add(self, episode: Episode) -> None:
        """Add an episode; one without a scored question counts in outcomes and unscored questions only."""
        length = episode.context_length or 0  # 0, since pandas leaves out groups of None
        if episode.steps:
            outcomes = self._call_outcomes.setdefault(length, {}).setdefault(episode.method, Counter())
            outcomes.update(call_outcome(call) for step in episode.steps for call in step.calls)
        if length not in self._breakdowns:
            self._breakdowns[length] = BreakdownCollector(self._num_samples, self._seed)
        self._breakdowns[length].add(episode)
        scores = [answer.score for answer in episode.answers if answer.score is not None]
        self._num_unscored[length, episode.source, episode.instance] = len(episode.answers) - len(scores)
        if episode.correctness is None or episode.total is None:
            return
        rewards = (episode.tool_format, episode.compression, episode.content, episode.total)
        key = (length, episode.method, episode.source, episode.instance)
        self._rows.append((*key, scores, episode.correctness, *rewards, episode.memory_tokens))

    def build_tables(self) -> list[ScoreTable]:
        """Return a table of the test instances as they are, then one per length, shortest first."""
        rows = pd.DataFrame(self._rows, columns=_COLUMNS)
        lengths = sorted({length for length, _, _ in self._num_unscored})
        return [self._build_table(length, rows[rows["context_length"] == length]) for length in lengths]

    def _build_table(self, length: int, rows: pd.DataFrame) -> ScoreTable:
        call_outcomes = self._call_outcomes.get(length, {})
        # Without calls a method has no r2 and r4, so its total is not comparable with one that has.
        writers = call_outcomes.keys() if self._reference in call_outcomes else set()
        reference = rows[rows["method"] == self._reference]
        cells = {
            method: self._build_row(
                of_method, reference.iloc[:0] if method == self._reference else reference, method in writers
            )
            for method, of_method in rows.groupby("method", sort=False)
        }
        num_unscored: Counter[str] = Counter()
        for (other_length, source, _), count in self._num_unscored.items():
            if other_length == length:
                num_unscored[source] += count
        return ScoreTable(
            length or None,
            self._reference,
            cells,
            dict(num_unscored),
            call_outcomes,
            self._breakdowns[length].build_kinds(),
            self._breakdowns[length].build_memory(),
        )

    def _build_row(
        self, rows: pd.DataFrame, reference: pd.DataFrame, with_totals: bool
    ) -> dict[str, ScoreCell]:
        """Build the cells of a method; `reference`: the rows of the method that deltas are measured from."""
        by_source = rows.assign(questions=rows["question_scores"].str.len()).groupby("source")
        means, sizes = by_source[_REWARD_COLUMNS].mean(), by_source["questions"].agg(["size", "sum"])
        samples: dict[str, _Samples] = {}
        for source, own in by_source:
            pairs = own.merge(
                reference[reference["source"] == source], on="instance", suffixes=("", "_other")
            )
            samples[source] = (
                self._resample(own, "question_scores"),
                self._resample_deltas(pairs, "question_scores"),
                self._resample_deltas(pairs, "total") if with_totals else None,
            )
        cells = {one: _build_cell(means.loc[one], sizes.loc[one], samples[one]) for one in samples}
        scores, deltas, total_deltas = map(_mean_arrays, zip(*samples.values(), strict=True))
        assert scores is not None
        cells[AVERAGE] = _build_cell(means.mean(), sizes.sum(), (scores, deltas, total_deltas))
        return cells

    def _resample(self, rows: pd.DataFrame, column: str) -> np.ndarray:
        scores = {
            one: np.atleast_1d(of_one).tolist()
            for one, of_one in zip(rows["instance"], rows[column], strict=True)
        }
        return bootstrap_means(scores, self._num_samples, self._seed)

    def _resample_deltas(self, pairs: pd.DataFrame, column: str) -> np.ndarray | None:
        """Return the difference on the instances of both methods, then its bootstrap samples."""
        if pairs.empty:
            return None
        own, other = pairs[column].map(np.mean).mean(), pairs[f"{column}_other"].map(np.mean).mean()
        samples = self._resample(pairs, column) - self._resample(pairs, f"{column}_other")
        return np.concatenate([[own - other], samples])


def _mean_arrays(arrays: Sequence[np.ndarray | None]) -> np.ndarray | None:
    """Return the mean of arrays of one shape; None where one of them is missing."""
    present = [array for array in arrays if array is not None]
    return np.asarray(np.mean(present, axis=0)) if len(present) == len(arrays) else None


def _build_cell(means: Mapping[str, float], sizes: Mapping[str, int], samples: _Samples) -> ScoreCell:
    """Build a cell; `sizes`: the number of its instances (`size`) and questions (`sum`)."""
    low, high = confidence_interval(samples[0])
    return ScoreCell(
        ci_low=low,
        ci_high=high,
        instances=int(sizes["size"]),
        questions=int(sizes["sum"]),
        delta=_build_delta(samples[1]),
        total_delta=_build_delta(samples[2]),
        **{name: float(means[name]) for name in _REWARD_COLUMNS},
    )


def _build_delta(samples: np.ndarray | None) -> Delta | None:
    return None if samples is None else (float(samples[0]), *confidence_interval(samples[1:]))
