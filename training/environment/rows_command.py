"""The command of an exported package that writes its instances as rows of a framework's dataset.

python -m memcurate_memory.rows OUT.parquet --split train
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from training.environment.package import EnvPackage

_MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])
_COLUMNS = [
    ("data_source", pa.string()),  # source of the instance, by which trainers group their metrics
    ("prompt", pa.list_(_MESSAGE)),  # that of the first chunk
    ("instance", pa.string()),
    ("split", pa.string()),
    ("credit", pa.string()),
    ("max_chunks", pa.int64()),
    ("max_questions", pa.int64()),
]

MakeColumns = Callable[[int], dict[str, Any]]  # the framework's own columns of the row of an index


def run_rows_command(package: EnvPackage, own: dict[str, pa.DataType], make_own: MakeColumns) -> None:
    """Write the rows that the command line asks for, and print how many.

    A row is an instance that has a question which can be scored. `own` are the framework's columns beside
    those of all frameworks. A column of an option that is not given is left out. Raises MemcurateError where
    the split or a source is missing.
    """
    given = _parse_options(package)
    options = {
        name: value
        for name in ("split", "credit", "max_chunks", "max_questions")
        if (value := getattr(given, name)) is not None
    }
    prompts = dict(_iter_prompts(package, given))
    rows = [
        {
            "data_source": instance.partition("/")[0],
            "prompt": prompt,
            "instance": instance,
            **options,
            **make_own(index),
        }
        for index, (instance, prompt) in enumerate(prompts.items())
    ]
    columns = [(name, kind) for name, kind in _COLUMNS if name not in vars(given) or name in options]
    given.out.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, pa.schema([*columns, *own.items()])), given.out)
    num_left_out = len(package.read_split(given.split, given.source)) - len(rows)
    print(f"{given.out}: {len(rows)} rows; left out without a question that can be scored: {num_left_out}")


def _iter_prompts(package: EnvPackage, given: argparse.Namespace) -> Iterator[tuple[str, Any]]:
    """Yield the id of each instance that can be scored, and the prompt of its first chunk."""
    env = package.make_env(
        given.split, sources=given.source, max_chunks=given.max_chunks, max_questions=given.max_questions
    )
    for instance in package.read_split(given.split, given.source).ids:
        if env.can_score(instance):
            yield instance, env.reset(instance).messages


def _parse_options(package: EnvPackage) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=f"Write the rows of a dataset, version {package.version}.")
    parser.add_argument("out", type=Path, help="Parquet file to write")
    parser.add_argument("--split", default="train", choices=["train", "test", "evaluation"])
    parser.add_argument("--source", action="append", default=[], help="source to take, repeatable; none: all")
    parser.add_argument("--credit", default="episode", choices=["episode", "step", "call"])
    parser.add_argument("--max-chunks", type=int, help="cut instances to their first chunks")
    parser.add_argument("--max-questions", type=int, help="draw at most as many questions of an instance")
    return parser.parse_args()
