"""Why a source's rows differ: what differs of the stages that made them, and what checks say now.

A stage's entry in `dvc.lock` has the params and the code that it was run with.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from pipeline.comparing.tables import Kind

_STAGES = ("fetch@{source}", "chunk@{source}", "question@{source}", "filter@{source}", "assets", "assemble")
_BUILT = ("data/", "models/")  # what other stages made is no cause of its own
_NO_CAUSE = "dataset.previous"  # what the card compares with changes no row

_REJECTED = """
    SELECT source, sort, count(DISTINCT subject) FROM {side}_rejects
    WHERE subject IN (SELECT id FROM both_{kind} WHERE {side}_split IS NULL) GROUP BY ALL"""


@dataclass(frozen=True, slots=True)
class Param:
    """A key of params.yaml that has another value; None: it was not there."""

    key: str
    old: Any
    new: Any


@dataclass(slots=True)
class Causes:
    """Of one source."""

    use: str | None = None  # where it was not a source of both versions
    params: list[Param] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)  # files, or the folder where it is not known which
    code: list[str] = field(default_factory=list)  # files and folders of the project that its stages read
    rejected: dict[str, int] = field(default_factory=dict)  # rows that went, by stage and reason
    admitted: dict[str, int] = field(default_factory=dict)  # rows that came, by why they were rejected before


def causes(
    source: str,
    locks: tuple[Mapping[str, Any], Mapping[str, Any]],
    raw: tuple[Mapping[str, str], Mapping[str, str]],
) -> Causes:
    """What differs of the stages that made a source's rows.

    `locks`: the old and the new `dvc.lock`; `raw`: hashes of the source's raw files in both, by path.
    """
    found = Causes()
    found.raw = _raw(source, locks, raw)
    for stage in (name.format(source=source) for name in _STAGES):
        old, new = (lock.get("stages", {}).get(stage) for lock in locks)
        if old is None or new is None:
            if stage.startswith("fetch@"):
                found.use = "new in `use`" if old is None else "no longer in `use`"
            continue
        found.params += [param for param in _params(old, new) if param not in found.params]
        found.code += [path for path in _code(old, new) if path not in found.code]
    return found


def add_checks(database: duckdb.DuckDBPyConnection, kind: Kind, found: Mapping[str, Causes]) -> None:
    """Note what is rejected in one version and went on in the other."""
    for side in ("new", "old"):
        query = _REJECTED.format(side=side, kind=kind)
        for source, reason, count in sorted(database.execute(query).fetchall()):
            if source in found:
                counted = found[source].rejected if side == "new" else found[source].admitted
                counted[reason] = counted.get(reason, 0) + count


def _raw(
    source: str,
    locks: tuple[Mapping[str, Any], Mapping[str, Any]],
    raw: tuple[Mapping[str, str], Mapping[str, str]],
) -> list[str]:
    folder = f"data/raw/{source}"
    entries = [lock.get("stages", {}).get(f"fetch@{source}", {}) for lock in locks]
    old, new = (
        next((out["md5"] for out in one.get("outs", []) if out["path"] == folder), None) for one in entries
    )
    if old == new or old is None or new is None:
        return []
    before, after = raw
    if not before or not after:
        return [folder]
    return [
        f"{folder}/{path}"
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]


def _params(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Param]:
    before, after = (dict(_leaves(entry.get("params", {}).get("params.yaml", {}))) for entry in (old, new))
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key) and key != _NO_CAUSE:
            yield Param(key, before.get(key), after.get(key))


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of what is no mapping."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}" if key else str(name))
    else:
        yield key, value


def _code(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before, after = ({dep["path"]: dep.get("md5") for dep in entry.get("deps", [])} for entry in (old, new))
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path) and not path.startswith(_BUILT):
            yield path
