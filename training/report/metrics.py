"""The figures of an evaluation as `dvc metrics show` prints them."""

from collections.abc import Sequence
from typing import Any

from training.summary import Cell, Table


def metrics(tables: Sequence[Table]) -> dict[str, Any]:
    """Per length (`test`, `tokens_30000`), method and source: scores, intervals, rewards, memory tokens."""
    return {
        length_name(table.stretch): {
            method: {source: _figures(cell) for source, cell in row.items()}
            for method, row in table.cells.items()
        }
        for table in tables
    }


def length_name(stretch: int | None) -> str:
    """`test` for the test instances as they are, else `tokens_…`."""
    return "test" if stretch is None else f"tokens_{stretch}"


def _figures(cell: Cell) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "score": cell.score,
        "low": cell.low,
        "high": cell.high,
        "tool_format": cell.tool_format,
        "compression": cell.compression,
        "content": cell.content,
        "total": cell.total,
    }
    for name, margin in (("margin", cell.margin), ("total_margin", cell.total_margin)):
        if margin is not None:
            figures |= dict(zip((name, f"{name}_low", f"{name}_high"), margin, strict=True))
    rounded = {name: round(value, 4) for name, value in figures.items()}
    counts = {"instances": cell.instances, "questions": cell.questions}
    return {**rounded, "memory_tokens": round(cell.memory_tokens), **counts}
