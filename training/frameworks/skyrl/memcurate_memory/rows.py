"""Writes the rows of a SkyRL dataset: `python -m memcurate_memory.rows OUT.parquet --split train`."""

from memcurate.env import run_rows_command

from . import ENV_CLASS
from .env import PACKAGE


def main() -> None:
    """Write the rows that the command line asks for."""
    run_rows_command(PACKAGE, lambda index, row: {"env_class": ENV_CLASS})


if __name__ == "__main__":
    main()
