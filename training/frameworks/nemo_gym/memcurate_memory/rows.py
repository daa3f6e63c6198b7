"""Writes the rows of a NeMo Gym dataset: `python -m memcurate_memory.rows OUT.jsonl --split train`."""

from typing import Any

from memcurate.env import run_rows_command

from . import AGENT
from .server import PACKAGE


def make_columns(index: int, row: dict[str, Any]) -> dict[str, Any]:
    """Return NeMo Gym's own columns of a row; the agent asks the model by these params."""
    generation = PACKAGE.params.generation
    params = {
        "input": row["prompt"],
        "temperature": generation.temperature,
        "max_output_tokens": generation.max_completion_tokens,
    }
    return {
        "responses_create_params": params,
        "agent_ref": {"type": "responses_api_agents", "name": AGENT},
    }


def main() -> None:
    """Write the rows that the command line asks for."""
    run_rows_command(PACKAGE, make_columns)


if __name__ == "__main__":
    main()
