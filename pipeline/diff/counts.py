"""Numbers of added, removed, changed and moved rows of each source, and statistics before and after."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from pipeline.diff.row_tables import VERSION_ROLES, RowKind, VersionRole

# The rows of both versions joined by id, each id once; the columns of a version without the row are NULL.
_UNIQUE_ROWS_SQL = """
        SELECT id, min(source) AS source, min(split) AS split, min(match_key) AS match_key,
               min([file, row_group]) AS location
        FROM {role}_{kind} GROUP BY id"""
_JOIN_SQL = """
    CREATE TABLE both_{kind} AS
    WITH old AS ({old}), new AS ({new})
    SELECT id, coalesce(old.source, new.source) AS source,
           old.split AS old_split, new.split AS new_split,
           old.match_key AS old_match_key, new.match_key AS new_match_key,
           old.location AS old_location, new.location AS new_location
    FROM old FULL JOIN new USING (id)
    WHERE ($1 IS NULL OR $1 IN (old.split, new.split)) AND ($2 IS NULL OR $2 IN (old.source, new.source))"""

# Pairs of a removed and an added row with one match key; several of one key are paired in the order of ids.
_CHANGED_ROWS_SQL = """
    CREATE TABLE changed_{kind} AS
    WITH removed AS (
           SELECT id, source, old_match_key AS match_key, {rank} FROM both_{kind} WHERE new_split IS NULL),
         added AS (
           SELECT id, source, new_match_key AS match_key, {rank} FROM both_{kind} WHERE old_split IS NULL)
    SELECT source, removed.id AS old_id, added.id AS new_id
    FROM removed JOIN added USING (source, match_key, match_rank)"""
_RANK_SQL = "row_number() OVER (PARTITION BY source, match_key ORDER BY id) AS match_rank"

_COUNTS_SQL = """
    SELECT source, count(old_split), count(new_split), count(*) FILTER (old_split IS NULL),
           count(*) FILTER (new_split IS NULL), count(*) FILTER (old_split <> new_split),
           (SELECT count(*) FROM changed_{kind} AS changed WHERE changed.source = both_{kind}.source)
    FROM both_{kind} GROUP BY source"""

_INSTANCE_COUNTS_SQL = "SELECT source, split, count(*) AS instances FROM {role}_instances GROUP BY ALL"
_STATISTICS_SQL = {
    "instances": "SELECT source, split, count(*) FROM {role}_instances GROUP BY ALL",
    "chunks per instance": f"""
        SELECT source, split, round(count(*) / max(instances), 2) FROM {{role}}_chunks
        JOIN ({_INSTANCE_COUNTS_SQL}) USING (source, split)
        GROUP BY ALL""",
    "tokens per chunk": "SELECT source, split, round(avg(tokens), 1) FROM {role}_chunks GROUP BY ALL",
    "questions per instance": f"""
        SELECT source, split, round(count(*) / max(instances), 2) FROM {{role}}_questions
        JOIN ({_INSTANCE_COUNTS_SQL}) USING (source, split)
        GROUP BY ALL""",
}
_ORIGIN_COUNTS_SQL = "SELECT source, split, category, count(*) FROM {role}_questions GROUP BY ALL"


@dataclass(frozen=True, slots=True)
class RowCounts:
    """Numbers of rows of one kind and source, in all and by change type."""

    old: int
    new: int
    added: int
    removed: int
    changed: int
    moved: int  # to another split

    @property
    def has_differences(self) -> bool:
        """Whether any row differs between the versions."""
        return bool(self.added or self.removed or self.changed or self.moved)


@dataclass(frozen=True, slots=True)
class StatisticChange:
    """A statistic of a split whose value changed."""

    split: str
    name: str
    old: float | None  # None: the version has no rows to compute it from
    new: float | None


def join_versions(
    database: duckdb.DuckDBPyConnection, kinds: Sequence[RowKind], split: str | None, source: str | None
) -> None:
    """Create the tables both_<kind> and changed_<kind>, of the rows of a split and source; None: of all."""
    for kind in kinds:
        queries = {role: _UNIQUE_ROWS_SQL.format(role=role, kind=kind) for role in VERSION_ROLES}
        database.execute(_JOIN_SQL.format(kind=kind, **queries), [split, source])
        database.execute(_CHANGED_ROWS_SQL.format(kind=kind, rank=_RANK_SQL))


def count_rows(database: duckdb.DuckDBPyConnection, kind: RowKind) -> dict[str, RowCounts]:
    """Count the rows of a kind by source. A changed row counts neither as added nor as removed."""
    counts = {}
    for source, old, new, added, removed, moved, changed in database.execute(
        _COUNTS_SQL.format(kind=kind)
    ).fetchall():
        counts[source] = RowCounts(old, new, added - changed, removed - changed, changed, moved)
    return counts


def changed_statistics(database: duckdb.DuckDBPyConnection) -> dict[str, list[StatisticChange]]:
    """Return the statistics whose values changed, by source."""
    old, new = (_read_statistics(database, role) for role in VERSION_ROLES)
    changes: dict[str, list[StatisticChange]] = {}
    for source, split, name in sorted(old.keys() | new.keys()):
        before, after = old.get((source, split, name)), new.get((source, split, name))
        if before != after:
            changes.setdefault(source, []).append(StatisticChange(split, name, before, after))
    return changes


def _read_statistics(
    database: duckdb.DuckDBPyConnection, role: VersionRole
) -> dict[tuple[str, str, str], float]:
    """Return the statistics of a version by (source, split, name)."""
    statistics = {}
    for name, query in _STATISTICS_SQL.items():
        for source, split, value in database.execute(query.format(role=role)).fetchall():
            statistics[source, split, name] = value
    for source, split, origin, count in database.execute(_ORIGIN_COUNTS_SQL.format(role=role)).fetchall():
        statistics[source, split, f"{origin} questions"] = count
    return statistics
