"""How many rows of each source came, went, changed or moved, and what their figures were."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from pipeline.comparing.tables import SIDES, Kind, Side

# The rows of both sides by id, once each; NULLs stand where a side has none.
_ONCE = """
        SELECT id, min(source) AS source, min(split) AS split, min(place) AS place,
               min([file, row_group]) AS at
        FROM {side}_{kind} GROUP BY id"""
_BOTH = """
    CREATE TABLE both_{kind} AS
    WITH old AS ({old}), new AS ({new})
    SELECT id, coalesce(old.source, new.source) AS source,
           old.split AS old_split, new.split AS new_split, old.place AS old_place, new.place AS new_place,
           old.at AS old_at, new.at AS new_at
    FROM old FULL JOIN new USING (id)
    WHERE ($1 IS NULL OR $1 IN (old.split, new.split)) AND ($2 IS NULL OR $2 IN (old.source, new.source))"""

# A row that went and one that came at the same place; where there are several, the first with the first.
_CHANGED = """
    CREATE TABLE changed_{kind} AS
    WITH gone AS (SELECT id, source, old_place AS place, {turn} FROM both_{kind} WHERE new_split IS NULL),
         come AS (SELECT id, source, new_place AS place, {turn} FROM both_{kind} WHERE old_split IS NULL)
    SELECT source, gone.id AS old_id, come.id AS new_id FROM gone JOIN come USING (source, place, turn)"""
_TURN = "row_number() OVER (PARTITION BY source, place ORDER BY id) AS turn"

_COUNTED = """
    SELECT source, count(old_split), count(new_split), count(*) FILTER (old_split IS NULL),
           count(*) FILTER (new_split IS NULL), count(*) FILTER (old_split <> new_split),
           (SELECT count(*) FROM changed_{kind} AS one WHERE one.source = both_{kind}.source)
    FROM both_{kind} GROUP BY source"""

_FIGURES = {
    "instances": "SELECT source, split, count(*) FROM {side}_instances GROUP BY ALL",
    "chunks per instance": """
        SELECT source, split, round(count(*) / max(of), 2) FROM {side}_chunks
        JOIN (SELECT source, split, count(*) AS of FROM {side}_instances GROUP BY ALL) USING (source, split)
        GROUP BY ALL""",
    "tokens per chunk": "SELECT source, split, round(avg(tokens), 1) FROM {side}_chunks GROUP BY ALL",
    "questions per instance": """
        SELECT source, split, round(count(*) / max(of), 2) FROM {side}_questions
        JOIN (SELECT source, split, count(*) AS of FROM {side}_instances GROUP BY ALL) USING (source, split)
        GROUP BY ALL""",
}
_ORIGINS = "SELECT source, split, sort, count(*) FROM {side}_questions GROUP BY ALL"


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of one kind of one source: in all, and what became of them; `moved`: to another split."""

    old: int
    new: int
    added: int
    removed: int
    changed: int
    moved: int

    @property
    def differ(self) -> bool:
        """Whether any row does."""
        return bool(self.added or self.removed or self.changed or self.moved)


@dataclass(frozen=True, slots=True)
class Moved:
    """A figure that is another one now."""

    split: str
    name: str
    old: float | None  # None: there was none
    new: float | None


def join_sides(
    database: duckdb.DuckDBPyConnection, kinds: Sequence[Kind], split: str | None, source: str | None
) -> None:
    """Make the tables both_… and changed_… of each kind, of the rows of a split and source, or of all."""
    for kind in kinds:
        sides = {side: _ONCE.format(side=side, kind=kind) for side in SIDES}
        database.execute(_BOTH.format(kind=kind, **sides), [split, source])
        database.execute(_CHANGED.format(kind=kind, turn=_TURN))


def counts(database: duckdb.DuckDBPyConnection, kind: Kind) -> dict[str, Counts]:
    """By source. What changed counts neither as added nor as removed."""
    found = {}
    for source, old, new, come, gone, moved, changed in database.execute(
        _COUNTED.format(kind=kind)
    ).fetchall():
        found[source] = Counts(old, new, come - changed, gone - changed, changed, moved)
    return found


def moved_figures(database: duckdb.DuckDBPyConnection) -> dict[str, list[Moved]]:
    """The figures of each source that are others now."""
    old, new = (_figures(database, side) for side in SIDES)
    found: dict[str, list[Moved]] = {}
    for source, split, name in sorted(old.keys() | new.keys()):
        before, after = old.get((source, split, name)), new.get((source, split, name))
        if before != after:
            found.setdefault(source, []).append(Moved(split, name, before, after))
    return found


def _figures(database: duckdb.DuckDBPyConnection, side: Side) -> dict[tuple[str, str, str], float]:
    found = {}
    for name, query in _FIGURES.items():
        for source, split, value in database.execute(query.format(side=side)).fetchall():
            found[source, split, name] = value
    for source, split, origin, count in database.execute(_ORIGINS.format(side=side)).fetchall():
        found[source, split, f"{origin} questions"] = count
    return found
