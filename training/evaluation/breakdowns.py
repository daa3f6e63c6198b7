"""Break an evaluation down: scores by kind of question, and measures of memories that have facts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from training.evaluation.bootstrap import bootstrap_means, confidence_interval
from training.evaluation.memory_measures import mean_measures, mean_present
from training.memory.schema import Episode, MemoryMeasures

# (kind, whether the questions have wrong answers, such as outdated values)
KindName = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class KindCell:
    """The score of a method on the questions of a kind in a source."""

    score: float  # mean over the instances
    ci_low: float  # ends of its 95 % interval
    ci_high: float
    instances: int
    questions: int


@dataclass(frozen=True, slots=True)
class MemoryCell:
    """The measures of a method's memories of a source: means over the instances, of means over the chunks."""

    recall: float | None
    stale: float | None
    forgotten: float | None
    noise: float | None
    memory_tokens: float  # after the last chunk
    instances: int


KindTable = dict[str, dict[str, dict[KindName, KindCell]]]  # by method, source and kind
MemoryTable = dict[str, dict[str, MemoryCell]]  # by method and source


class BreakdownCollector:
    """Collects the episodes of one length."""

    def __init__(self, num_samples: int, seed: int) -> None:
        """Draw `num_samples` bootstrap samples by `seed`."""
        self._num_samples = num_samples
        self._seed = seed
        # By method, source and kind: the scores of each instance's questions.
        self._scores: dict[tuple[str, str, KindName], dict[str, list[float]]] = defaultdict(dict)
        self._measures: dict[tuple[str, str], list[MemoryMeasures]] = defaultdict(list)

    def add(self, episode: Episode) -> None:
        """Add an episode: its scored answers whose questions have a kind, and its measures."""
        for answer in episode.answers:
            if answer.kind is not None and answer.score is not None:
                kind = (answer.kind, bool(answer.wrong_answers))
                by_instance = self._scores[episode.method, episode.source, kind]
                by_instance.setdefault(episode.instance, []).append(answer.score)
        measures = mean_measures(episode.measures)
        if measures is not None:
            self._measures[episode.method, episode.source].append(measures)

    def build_kinds(self) -> KindTable:
        """Return the scores by kind, methods in the order of their episodes, kinds in alphabetical order."""
        table: KindTable = {}
        for method, source, _ in self._scores:
            table.setdefault(method, {}).setdefault(source, {})
        for (method, source, kind), scores in sorted(self._scores.items()):
            samples = bootstrap_means(scores, self._num_samples, self._seed)
            low, high = confidence_interval(samples)
            means = [sum(some) / len(some) for some in scores.values()]
            count = sum(map(len, scores.values()))
            cell = KindCell(sum(means) / len(means), low, high, len(scores), count)
            table[method][source][kind] = cell
        return table

    def build_memory(self) -> MemoryTable:
        """Return the measures of the methods that wrote memories of instances with facts."""
        table: MemoryTable = {}
        for (method, source), measures in self._measures.items():
            table.setdefault(method, {})[source] = _build_memory_cell(measures)
        return table


def _build_memory_cell(measures: Sequence[MemoryMeasures]) -> MemoryCell:
    return MemoryCell(
        recall=mean_present(one.recall for one in measures),
        stale=mean_present(one.stale for one in measures),
        forgotten=mean_present(one.forgotten for one in measures),
        noise=mean_present(one.noise for one in measures),
        memory_tokens=sum(one.tokens for one in measures) / len(measures),
        instances=len(measures),
    )
