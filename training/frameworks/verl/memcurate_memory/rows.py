"""Writes the rows of a verl dataset: `python -m memcurate_memory.rows OUT.parquet --split train`."""

from typing import Any

from memcurate.env import run_rows_command

from . import AGENT_NAME
from .package import PACKAGE


def make_columns(index: int, row: dict[str, Any]) -> dict[str, Any]:
    """Return verl's own columns of a row. The agent loop rewards, so the ground truth is empty."""
    return {
        "agent_name": AGENT_NAME,
        "reward_model": {"style": "rule", "ground_truth": ""},
        "extra_info": {"index": index},
    }


def main() -> None:
    """Write the rows that the command line asks for."""
    run_rows_command(PACKAGE, make_columns)


if __name__ == "__main__":
    main()
