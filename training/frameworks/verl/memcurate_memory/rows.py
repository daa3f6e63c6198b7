"""Writes the rows of a verl dataset: `python -m memcurate_memory.rows OUT.parquet --split train`."""

from typing import Any

import pyarrow as pa

from memcurate.env import run_rows_command

from . import AGENT_NAME
from .package import PACKAGE

_COLUMNS = {
    "agent_name": pa.string(),
    "reward_model": pa.struct([("style", pa.string()), ("ground_truth", pa.string())]),
    "extra_info": pa.struct([("index", pa.int64())]),
}


def make_columns(index: int) -> dict[str, Any]:
    """Return verl's own columns of a row. The agent loop rewards, so the ground truth is empty."""
    return {
        "agent_name": AGENT_NAME,
        "reward_model": {"style": "rule", "ground_truth": ""},
        "extra_info": {"index": index},
    }


def main() -> None:
    """Write the rows that the command line asks for."""
    run_rows_command(PACKAGE, _COLUMNS, make_columns)


if __name__ == "__main__":
    main()
