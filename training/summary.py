"""What the episodes of an evaluation come to: per method and source, with intervals, and on average."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

import numpy as np

from training.bootstrap import Scores, interval, resampled
from training.fate import fate
from training.rewards import mean
from training.schema import Episode

AVERAGE = "average"  # stands for a source: the mean over the sources

Margin = tuple[float, float, float]  # a difference, and the ends of its interval


@dataclass(frozen=True, slots=True)
class Cell:
    """A method on a source."""

    score: float  # r1, mean over the instances
    low: float  # of its interval
    high: float
    tool_format: float  # r2
    compression: float  # r3
    content: float  # r4
    total: float
    memory_tokens: float  # mean over the instances
    instances: int
    questions: int  # that were measured
    margin: Margin | None  # of the score over that of Table.against
    total_margin: Margin | None  # of the total


@dataclass(frozen=True, slots=True)
class Table:
    """Methods on sources, at one length."""

    stretch: int | None  # None: the test instances as they are
    against: str  # the method that margins are over
    cells: dict[str, dict[str, Cell]]  # by method, by source and AVERAGE
    judged: dict[str, int]  # questions of each source that only a judge could measure
    calls: dict[str, Counter[str]]  # by method: calls by what became of them

    @property
    def sources(self) -> list[str]:
        """In the order of the alphabet."""
        return sorted({source for row in self.cells.values() for source in row} - {AVERAGE})


@dataclass(slots=True)
class _Gathered:
    """The episodes of a method on a source, without their texts."""

    scores: dict[str, list[float]] = field(default_factory=dict)  # of measured questions, by instance
    totals: dict[str, list[float]] = field(default_factory=dict)  # by instance
    rewards: list[tuple[float, float, float, float, float, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Length:
    """All that was played at one length."""

    rows: dict[str, dict[str, _Gathered]] = field(default_factory=dict)  # by method, by source
    judged: dict[str, dict[str, int]] = field(default_factory=dict)  # by source, by instance
    calls: dict[str, Counter[str]] = field(default_factory=dict)  # by method


class Summary:
    """Gathers episodes one by one."""

    def __init__(self, resamples: int, seed: int, against: str) -> None:
        """`against`: the method that margins are over."""
        self._resamples = resamples
        self._seed = seed
        self._against = against
        self._lengths: dict[int | None, _Length] = defaultdict(_Length)

    def add(self, episode: Episode) -> None:
        """Count an episode."""
        length = self._lengths[episode.stretch]
        if episode.steps:
            calls = length.calls.setdefault(episode.method, Counter())
            calls.update(fate(call) for step in episode.steps for call in step.calls)
        scores = [answer.score for answer in episode.answers if answer.score is not None]
        length.judged.setdefault(episode.source, {})[episode.instance] = len(episode.answers) - len(scores)
        if episode.correctness is None or episode.total is None:
            return
        gathered = length.rows.setdefault(episode.method, {}).setdefault(episode.source, _Gathered())
        gathered.scores[episode.instance] = scores
        gathered.totals[episode.instance] = [episode.total]
        gathered.rewards.append(
            (
                episode.correctness,
                episode.tool_format,
                episode.compression,
                episode.content,
                episode.total,
                episode.memory_tokens,
            )
        )

    def tables(self) -> list[Table]:
        """One for the test instances as they are, then one per length, shortest first."""
        return [self._table(stretch) for stretch in sorted(self._lengths, key=lambda one: one or 0)]

    def _table(self, stretch: int | None) -> Table:
        length = self._lengths[stretch]
        against = length.rows.get(self._against, {})
        # A method that makes no calls has no r2 and r4: its total compares with none that does.
        writers = length.calls.keys() if self._against in length.calls else set()
        cells = {
            method: self._row(row, against, totals=method in writers) for method, row in length.rows.items()
        }
        judged = {source: sum(counts.values()) for source, counts in length.judged.items()}
        return Table(stretch, self._against, cells, judged, length.calls)

    def _row(
        self, row: Mapping[str, _Gathered], against: Mapping[str, _Gathered], totals: bool
    ) -> dict[str, Cell]:
        cells: dict[str, Cell] = {}
        draws: list[np.ndarray] = []
        scores: list[np.ndarray | None] = []
        rewards: list[np.ndarray | None] = []
        for source, of in sorted(row.items()):
            other = against.get(source)
            rival = _Gathered() if other is None or other is of else other
            draws.append(resampled(of.scores, self._resamples, self._seed))
            scores.append(self._difference(of.scores, rival.scores))
            rewards.append(self._difference(of.totals, rival.totals) if totals else None)
            cells[source] = _cell(of, draws[-1], scores[-1], rewards[-1])
        cells[AVERAGE] = _average(list(cells.values()), _mean(draws), _mean(scores), _mean(rewards))
        return cells

    def _difference(self, one: Scores, other: Scores) -> np.ndarray | None:
        """The difference on the instances that both played, then its resamples."""
        common = sorted(one.keys() & other.keys())
        if not common:
            return None
        mine, its = ({name: of[name] for name in common} for of in (one, other))
        drawn = resampled(mine, self._resamples, self._seed) - resampled(its, self._resamples, self._seed)
        return np.concatenate([[_plain(mine) - _plain(its)], drawn])


def _plain(scores: Scores) -> float:
    """Mean over the instances of the mean over their questions."""
    return mean([mean(of) for of in scores.values()])


@overload
def _mean(arrays: Sequence[np.ndarray]) -> np.ndarray: ...


@overload
def _mean(arrays: Sequence[np.ndarray | None]) -> np.ndarray | None: ...


def _mean(arrays: Sequence[np.ndarray | None]) -> np.ndarray | None:
    """None where one is missing."""
    whole = [one for one in arrays if one is not None]
    return np.asarray(np.mean(whole, axis=0)) if len(whole) == len(arrays) else None


def _cell(of: _Gathered, draw: np.ndarray, scores: np.ndarray | None, totals: np.ndarray | None) -> Cell:
    score, tool_format, compression, content, total, memory_tokens = map(mean, zip(*of.rewards, strict=True))
    low, high = interval(draw)
    return Cell(
        score=score,
        low=low,
        high=high,
        tool_format=tool_format,
        compression=compression,
        content=content,
        total=total,
        memory_tokens=memory_tokens,
        instances=len(of.scores),
        questions=sum(map(len, of.scores.values())),
        margin=_margin(scores),
        total_margin=_margin(totals),
    )


def _average(
    cells: Sequence[Cell], draw: np.ndarray, scores: np.ndarray | None, totals: np.ndarray | None
) -> Cell:
    """The mean of a method's cells; instances and questions are sums."""
    low, high = interval(draw)
    return Cell(
        score=mean([cell.score for cell in cells]),
        low=low,
        high=high,
        tool_format=mean([cell.tool_format for cell in cells]),
        compression=mean([cell.compression for cell in cells]),
        content=mean([cell.content for cell in cells]),
        total=mean([cell.total for cell in cells]),
        memory_tokens=mean([cell.memory_tokens for cell in cells]),
        instances=sum(cell.instances for cell in cells),
        questions=sum(cell.questions for cell in cells),
        margin=_margin(scores),
        total_margin=_margin(totals),
    )


def _margin(difference: np.ndarray | None) -> Margin | None:
    return None if difference is None else (float(difference[0]), *interval(difference[1:]))
