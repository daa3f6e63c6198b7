"""What the episodes of an evaluation come to: per method and source, with intervals, and on average."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from training.bootstrap import Scores, interval, resampled
from training.rewards import mean
from training.schema import CallMade, Episode

_NAMED = re.compile(r"""'.*'|".*"|\b[se]\d+\b""")  # what is told of one call only

AVERAGE = "average"  # stands for a source: the mean over the sources
AGAINST = "bm25_chunks"  # the method that margins are over


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
    margin: tuple[float, float, float] | None  # over AGAINST: difference of scores, low, high


@dataclass(frozen=True, slots=True)
class Table:
    """Methods on sources, at one length."""

    stretch: int | None  # None: the test instances as they are
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
    rewards: list[tuple[float, float, float, float, float, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Length:
    """All that was played at one length."""

    rows: dict[str, dict[str, _Gathered]] = field(default_factory=dict)  # by method, by source
    judged: dict[str, dict[str, int]] = field(default_factory=dict)  # by source, by instance
    calls: dict[str, Counter[str]] = field(default_factory=dict)  # by method


class Summary:
    """Gathers episodes one by one."""

    def __init__(self, resamples: int, seed: int) -> None:
        self._resamples = resamples
        self._seed = seed
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
        against = length.rows.get(AGAINST, {})
        cells = {method: self._row(row, against) for method, row in length.rows.items()}
        judged = {source: sum(counts.values()) for source, counts in length.judged.items()}
        return Table(stretch, cells, judged, length.calls)

    def _row(self, row: Mapping[str, _Gathered], against: Mapping[str, _Gathered]) -> dict[str, Cell]:
        cells: dict[str, Cell] = {}
        draws: list[np.ndarray] = []
        differences: list[np.ndarray] = []
        for source, of in sorted(row.items()):
            draw = resampled(of.scores, self._resamples, self._seed)
            difference = self._difference(of, against.get(source))
            cells[source] = _cell(of, draw, difference)
            draws.append(draw)
            if difference is not None:
                differences.append(difference)
        whole = len(differences) == len(draws)
        cells[AVERAGE] = _average(list(cells.values()), _mean(draws), _mean(differences) if whole else None)
        return cells

    def _difference(self, one: _Gathered, other: _Gathered | None) -> np.ndarray | None:
        """The difference of the scores on the instances that both played, then its resamples."""
        if other is None or other is one:
            return None
        common = one.scores.keys() & other.scores.keys()
        if not common:
            return None
        mine, its = ({name: of.scores[name] for name in sorted(common)} for of in (one, other))
        drawn = resampled(mine, self._resamples, self._seed) - resampled(its, self._resamples, self._seed)
        return np.concatenate([[_plain(mine) - _plain(its)], drawn])


def fate(call: CallMade) -> str:
    """What became of a call, in words that are the same for all alike."""
    if call.applied:
        return "valid" if call.valid else call.note.split("; ")[-1]
    return _NAMED.sub("…", call.note)


def _plain(scores: Scores) -> float:
    """Mean over the instances of the mean over their questions."""
    return mean([mean(of) for of in scores.values()])


def _mean(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.asarray(np.mean(arrays, axis=0))


def _cell(of: _Gathered, draw: np.ndarray, difference: np.ndarray | None) -> Cell:
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
        margin=_margin(difference),
    )


def _average(cells: Sequence[Cell], draw: np.ndarray, difference: np.ndarray | None) -> Cell:
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
        margin=_margin(difference),
    )


def _margin(difference: np.ndarray | None) -> tuple[float, float, float] | None:
    return None if difference is None else (float(difference[0]), *interval(difference[1:]))
