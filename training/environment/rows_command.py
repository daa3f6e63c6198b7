"""The command of an exported package that writes its instances as rows of a framework's dataset.

python -m memcurate_memory.rows OUT.parquet --split train
"""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.core.errors import MemcurateError
from training.environment.package import EnvPackage

# Returns a framework's own columns of a row, by its index and the columns that all frameworks have.
MakeColumns = Callable[[int, dict[str, Any]], dict[str, Any]]


def run_rows_command(package: EnvPackage, make_own: MakeColumns) -> None:
    """Write the rows that the command line asks for as Parquet or JSONL, and print how many.

    A row is an instance that has a question which can be scored: its source, id and split, the prompt of its
    first chunk, and the options that are given. Raises MemcurateError where the split or a source is missing,
    or no instance is left.
    """
    given = _parse_options(package)
    rows = [row | make_own(index, row) for index, row in enumerate(_iter_rows(package, given))]
    num_left_out = len(package.read_split(given.split, given.source)) - len(rows)
    if not rows:
        raise MemcurateError(f"none of the {num_left_out} instances has a question that can be scored")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    if given.out.suffix == ".jsonl":
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        given.out.write_text(lines, encoding="utf-8")
    else:
        pq.write_table(pa.Table.from_pylist(rows), given.out)
    print(f"{given.out}: {len(rows)} rows; left out without a question that can be scored: {num_left_out}")


def _iter_rows(package: EnvPackage, given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield the columns that all frameworks have. An option that is not given has no column."""
    options = {"split": given.split, "credit": given.credit}
    cuts = {"max_chunks": given.max_chunks, "max_questions": given.max_questions}
    options |= {name: value for name, value in cuts.items() if value is not None}
    env = package.make_env(given.split, sources=given.source, **cuts)
    for instance in package.read_split(given.split, given.source).ids:
        if env.can_score(instance):
            yield {
                "data_source": instance.partition("/")[0],  # trainers group their metrics by it
                "prompt": [dict(message) for message in env.reset(instance).messages],
                "instance": instance,
                **options,
            }


def _parse_options(package: EnvPackage) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=f"Write the rows of a dataset, version {package.version}.")
    parser.add_argument("out", type=Path, help="Parquet or JSONL file to write")
    parser.add_argument("--split", default="train", choices=["train", "test", "evaluation"])
    parser.add_argument("--source", action="append", default=[], help="source to take, repeatable; none: all")
    parser.add_argument("--credit", default="episode", choices=["episode", "step", "call"])
    parser.add_argument("--max-chunks", type=int, help="cut instances to their first chunks")
    parser.add_argument("--max-questions", type=int, help="draw at most as many questions of an instance")
    return parser.parse_args()
