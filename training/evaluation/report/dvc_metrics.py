"""Metrics of an evaluation, as `dvc metrics show` prints them: a few figures for each method."""

from collections.abc import Sequence

from training.evaluation.aggregate import AVERAGE, ScoreCell, ScoreTable


def build_metrics(tables: Sequence[ScoreTable]) -> dict[str, dict[str, float]]:
    """Return the metrics of each method, over its sources on the test instances.

    A method that writes memory has `score` (r1), `reward` (total) and `memory_tokens`. Any other has `score`
    only: without tool calls it has no r2 and r4, and its memory is the text itself. The first of `tables` is
    that of the test instances; all figures of all tables are in results.csv.
    """
    test = tables[0]
    return {
        method: _cell_metrics(row[AVERAGE], writes_memory=method in test.call_outcomes)
        for method, row in test.cells.items()
    }


def _cell_metrics(cell: ScoreCell, writes_memory: bool) -> dict[str, float]:
    metrics: dict[str, float] = {"score": round(cell.score, 3)}
    if writes_memory:
        metrics |= {"reward": round(cell.total, 3), "memory_tokens": round(cell.memory_tokens)}
    return metrics
