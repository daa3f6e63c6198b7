"""Metrics of an evaluation, as `dvc metrics show` prints them: a few figures for each method."""

from collections.abc import Sequence

from training.evaluation.aggregate import AVERAGE, ScoreCell, ScoreTable
from training.evaluation.breakdowns import MemoryCell


def build_metrics(tables: Sequence[ScoreTable]) -> dict[str, dict[str, float]]:
    """Return the metrics of each method, over its sources on the test instances.

    A method that writes memory has `score` (r1), `reward` (total) and `memory_tokens`. Any other has `score`
    only: without tool calls it has no r2 and r4, and its memory is the text itself. Where instances have
    facts, a memory has `fact_recall`, `stale_kept`, `forgotten_kept` and `entry_noise`. The first of `tables`
    is that of the test instances; all figures of all tables are in results.csv.
    """
    test = tables[0]
    return {
        method: _cell_metrics(row[AVERAGE], writes_memory=method in test.call_outcomes)
        | _memory_metrics(list(test.memory.get(method, {}).values()))
        for method, row in test.cells.items()
    }


def _cell_metrics(cell: ScoreCell, writes_memory: bool) -> dict[str, float]:
    metrics: dict[str, float] = {"score": round(cell.score, 3)}
    if writes_memory:
        metrics |= {"reward": round(cell.total, 3), "memory_tokens": round(cell.memory_tokens)}
    return metrics


def _memory_metrics(cells: Sequence[MemoryCell]) -> dict[str, float]:
    """Return the means over the sources of the measures that could be taken."""
    names = {
        "fact_recall": [cell.recall for cell in cells],
        "stale_kept": [cell.stale for cell in cells],
        "forgotten_kept": [cell.forgotten for cell in cells],
        "entry_noise": [cell.noise for cell in cells],
    }
    present = {name: [value for value in values if value is not None] for name, values in names.items()}
    return {name: round(sum(values) / len(values), 3) for name, values in present.items() if values}
