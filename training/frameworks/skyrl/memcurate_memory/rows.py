"""Writes the rows of a SkyRL dataset: `python -m memcurate_memory.rows OUT.parquet --split train`."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from . import ENV_CLASS
from .env import PACKAGE

_MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])
_SCHEMA = pa.schema(
    [
        ("data_source", pa.string()),  # source of the instance, by which SkyRL groups its metrics
        ("prompt", pa.list_(_MESSAGE)),  # that of the first chunk
        ("env_class", pa.string()),
        ("instance", pa.string()),
        ("split", pa.string()),
        ("credit", pa.string()),
        ("max_chunks", pa.int64()),
        ("max_questions", pa.int64()),
    ]
)


def make_rows(split: Any, sources: Sequence[str], options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a row for each instance that has a question which can be scored.

    Raises MemcurateError where the split or a source is missing.
    """
    env = PACKAGE.make_env(
        split, sources=sources, max_chunks=options["max_chunks"], max_questions=options["max_questions"]
    )
    for instance in PACKAGE.read_split(split, sources).ids:
        if env.can_score(instance):
            observation = env.reset(instance)
            yield {
                "data_source": instance.partition("/")[0],
                "prompt": observation.messages,
                "env_class": ENV_CLASS,
                "instance": instance,
                "split": split,
                **options,
            }


def main() -> None:
    """Write the rows that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="Parquet file to write")
    parser.add_argument("--split", default="train", choices=["train", "test", "evaluation"])
    parser.add_argument("--source", action="append", default=[], help="source to take, repeatable; none: all")
    parser.add_argument("--credit", default="episode", choices=["episode", "step", "call"])
    parser.add_argument("--max-chunks", type=int, help="cut instances to their first chunks")
    parser.add_argument("--max-questions", type=int, help="draw at most as many questions of an instance")
    given = parser.parse_args()
    options = {"credit": given.credit, "max_chunks": given.max_chunks, "max_questions": given.max_questions}
    rows = list(make_rows(given.split, given.source, options))
    num_left_out = len(PACKAGE.read_split(given.split, given.source)) - len(rows)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, _SCHEMA), given.out)
    print(f"{given.out}: {len(rows)} rows; left out without a question that can be scored: {num_left_out}")


if __name__ == "__main__":
    main()
