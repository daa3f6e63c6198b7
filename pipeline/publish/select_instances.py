"""Selection of the dataset's instances: decontamination, near-duplicates, and a limit per source.

Tasks read the instances, shard by shard, and write small tables into a folder. DuckDB decides on these tables
what concerns instances of several shards.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from pipeline.core import seeded_random
from pipeline.core.errors import MemcurateError
from pipeline.core.parallel import map_shards
from pipeline.core.params import DatasetParams
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Reject, Split
from pipeline.core.work_tables import TableWriter, open_database, open_table, stream
from pipeline.dedup.contamination import (
    OverlapWriter,
    find_overlaps,
    mark_protected,
    protect,
    write_overlaps,
)
from pipeline.dedup.instance_texts import Shard, TextColumns, plan_shards, read_texts
from pipeline.dedup.near_duplicate import find_duplicate_documents, find_duplicate_instances
from pipeline.dedup.sketches import SketchWriter

_INSTANCES = pa.schema(
    [
        ("number", pa.int64()),
        ("id", pa.string()),
        ("source", pa.string()),
        ("split", pa.string()),
        ("document", pa.string()),
        ("has_examples", pa.bool_()),
        ("num_chunks", pa.int64()),
        # Two draws: of the instance, by which its document's instances are ordered, and of the document.
        ("instance_draw", pa.uint64()),
        ("document_draw", pa.uint64()),
    ]
)


class Selection:
    """The instances of each split, and the rejects, in the tables of a folder."""

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        """Wrap a database with the tables `selected` and `rejected`."""
        self._database = database

    def numbers(self, split: Split) -> list[int]:
        """Return the numbers of a split's instances, counted over all files that were read; ascending."""
        query = "SELECT number FROM selected WHERE split = ? ORDER BY number"
        return [number for (number,) in stream(self._database, query, [split])]

    def ids(self) -> set[str]:
        """Return the ids of all selected instances."""
        return {identity for (identity,) in stream(self._database, "SELECT id FROM selected")}

    def num_rejected(self) -> int:
        """Return the number of rejects."""
        return int(next(stream(self._database, "SELECT count(*) FROM rejected"))[0])

    def rejects(self, source: str | None = None) -> Iterator[Reject]:
        """Yield the rejects, of one source or of all, by id."""
        query = (
            "SELECT id, source, split, document, reason, detail FROM rejected"
            " WHERE source = coalesce(?, source) ORDER BY id"
        )
        for identity, name, split, document, reason, detail in stream(self._database, query, [source]):
            yield Reject(identity, name, "assemble", "instance", reason, detail, split, document)


@contextmanager
def select_instances(
    paths: Sequence[Path], params: DatasetParams, seed: int, folder: Path
) -> Iterator[Selection]:
    """Select the instances of each split from files of instances. Tables are written into a new folder.

    Sources of `dataset.eval_only_sources` go to the split `evaluation` whole. Of the others are rejected:

    1. train instances that share text with test or with an evaluation set;
    2. near-duplicates, in train and test;
    3. train instances beyond `dataset.max_train_per_source`, which are drawn from the documents in turn.
    """
    folder.mkdir()
    shards = plan_shards(paths)
    protect(shards, folder, params.decontamination_ngram, params.eval_only_sources)
    for _ in map_shards(partial(_scan_shard, params=params, seed=seed, folder=folder), shards, "sketches"):
        pass
    with open_database(folder) as database:
        _open_instances(database, folder, params.eval_only_sources)
        _reject(database, folder, find_overlaps(database, shards, folder, params.decontamination_ngram))
        _reject(database, folder, find_duplicate_documents(database, folder, params.near_duplicate))
        _reject(database, folder, find_duplicate_instances(database, folder, params.near_duplicate))
        _limit_train(database, params.max_train_per_source)
        yield Selection(database)


def _scan_shard(shard: Shard, params: DatasetParams, seed: int, folder: Path) -> None:
    """Write what the instances of a shard are compared and selected by."""
    with ExitStack() as stack:
        instances = stack.enter_context(TableWriter(folder, "all_instances", shard.index, _INSTANCES))
        overlaps = stack.enter_context(OverlapWriter(folder, shard.index, params.decontamination_ngram))
        sketches = stack.enter_context(SketchWriter(folder, shard.index, params.near_duplicate))
        for columns in read_texts(shard):
            _write_instances(instances, columns, seed)
            train = ~mark_protected(columns, params.eval_only_sources)
            overlaps.add_segments(columns, train)
            for row, number in enumerate(columns.numbers):
                if columns.sources[row] in params.eval_only_sources:
                    continue
                instance = columns.words(row)
                sketches.add(number, instance, columns.has_examples[row])
                if train[row]:
                    overlaps.add_ngrams(number, instance)


def _write_instances(writer: TableWriter, columns: TextColumns, seed: int) -> None:
    names = list(zip(columns.sources, columns.ids, columns.documents, strict=True))
    writer.write(
        columns.numbers,
        columns.ids,
        columns.sources,
        columns.splits,
        columns.documents,
        columns.has_examples,
        columns.num_chunks,
        [seeded_random.draw(seed, source, "limit", identity) for source, identity, _ in names],
        [seeded_random.draw(seed, source, "turn", document) for source, _, document in names],
    )


def _open_instances(
    database: duckdb.DuckDBPyConnection, folder: Path, eval_only_sources: Sequence[str]
) -> None:
    """Make the tables `instances`, `rejections` and `selected`, and `remaining`, those in neither."""
    for table in ("all_instances", "chunks"):
        open_table(database, folder, table)
    database.execute("""
        CREATE TABLE instances AS
        SELECT *, row_number() OVER (ORDER BY split <> 'test', id) AS rank FROM all_instances
    """)
    database.execute("CREATE TABLE rejections (number BIGINT, reason VARCHAR, detail VARCHAR)")
    database.execute(
        "CREATE TABLE selected AS SELECT number, id, 'evaluation' AS split FROM instances"
        " WHERE list_contains(?::VARCHAR[], source)",
        [list(eval_only_sources)],
    )
    database.execute("""
        CREATE VIEW remaining AS FROM instances
        WHERE number NOT IN (SELECT number FROM rejections UNION ALL SELECT number FROM selected)
    """)
    database.execute("""
        CREATE VIEW rejected AS
        SELECT id, source, split, document, reason, detail FROM rejections JOIN instances USING (number)
    """)


def _reject(
    database: duckdb.DuckDBPyConnection, folder: Path, rejections: Iterable[tuple[int, Rejection]]
) -> None:
    """Add rejections, by the numbers of the instances."""
    schema = pa.schema([("number", pa.int64()), ("reason", pa.string()), ("detail", pa.string())])
    with TableWriter(folder, "new_rejections", 0, schema) as writer:
        for number, rejection in rejections:
            writer.write([number], [rejection.reason], [rejection.detail])
    open_table(database, folder, "new_rejections")
    database.execute("INSERT INTO rejections FROM new_rejections")


def _limit_train(database: duckdb.DuckDBPyConnection, max_per_source: int) -> None:
    """Select the rest: all of test; of train, up to a number per source, one of each document in turn."""
    database.execute("INSERT INTO selected SELECT number, id, split FROM remaining WHERE split = 'test'")
    database.execute("""
        CREATE TABLE turns AS
        SELECT number, id, row_number() OVER (
            PARTITION BY source ORDER BY round, document_draw, document
        ) AS turn
        FROM (
            SELECT *, row_number() OVER (PARTITION BY source, document ORDER BY instance_draw, id) AS round
            FROM remaining
        )
    """)
    database.execute(
        "INSERT INTO selected SELECT number, id, 'train' FROM turns WHERE turn <= ?", [max_per_source]
    )
    database.execute(
        "INSERT INTO rejections SELECT number, 'over the limit', ? FROM turns WHERE turn > ?",
        [f"dataset.max_train_per_source is {max_per_source}", max_per_source],
    )


def assert_no_leakage(paths: Mapping[Split, Sequence[Path]], ngram_size: int, folder: Path) -> None:
    """Verify that no train instance shares text with another split, in the files as written.

    `paths`: the files of each split. Tables are written into a new folder. Raises MemcurateError that names
    the first such instance.
    """
    folder.mkdir()
    shards = plan_shards([path for of_split in paths.values() for path in of_split])
    train = [shard for shard in shards if shard.path in paths["train"]]
    protect([shard for shard in shards if shard not in train], folder, ngram_size, eval_only_sources=())
    for _ in map_shards(partial(write_overlaps, folder=folder, ngram_size=ngram_size), train, "leakage"):
        pass
    with open_database(folder) as database:
        overlaps = dict(find_overlaps(database, shards, folder, ngram_size))
    if not overlaps:
        return
    first = min(overlaps)
    shard = next(one for one in reversed(shards) if one.first_row <= first)
    identity, source = next(
        (columns.ids[row], columns.sources[row])
        for columns in read_texts(shard)
        for row in np.flatnonzero(columns.numbers == first)
    )
    raise MemcurateError(
        f"instance {identity} of {source} is in train, but {overlaps[first].detail}: "
        "this is a bug in memcurate, please report it"
    )
