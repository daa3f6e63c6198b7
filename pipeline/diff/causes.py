"""Why a source's rows differ: changed inputs of the stages that built them, and changed results of checks.

A stage's entry in `dvc.lock` has the hashes of its dependencies and the params that it was run with.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import duckdb

from pipeline.diff.row_tables import RowKind

_STAGE_NAMES = (
    "fetch@{source}",
    "chunk@{source}",
    "question@{source}",
    "filter@{source}",
    "assets",
    "assemble",
)
_OUTPUT_PREFIXES = ("data/", "models/")  # outputs of other stages: their own causes are listed instead
_IGNORED_PARAM = "dataset.baseline_version"  # it changes the card, not the rows

_REJECTED_SQL = """
    SELECT source, category, count(DISTINCT subject) FROM {role}_rejects
    WHERE subject IN (SELECT id FROM both_{kind} WHERE {role}_split IS NULL) GROUP BY ALL"""


@dataclass(frozen=True, slots=True)
class ParamChange:
    """A key of params.yaml whose value changed; None stands for a version without the key."""

    key: str
    old: Any
    new: Any


@dataclass(slots=True)
class Causes:
    """The causes of one source's differences."""

    source_status: str | None = None  # set where the source is in only one of the versions
    params: list[ParamChange] = field(default_factory=list)
    raw_files: list[str] = field(default_factory=list)  # or the folder where hashes by file are unknown
    code_paths: list[str] = field(default_factory=list)  # changed code that the source's stages depend on
    # Numbers of rows by "stage: reason".
    newly_rejected: dict[str, int] = field(default_factory=dict)  # removed rows that the new version rejects
    newly_accepted: dict[str, int] = field(default_factory=dict)  # added rows that the old version rejected


def find_causes(
    source: str,
    locks: tuple[Mapping[str, Any], Mapping[str, Any]],
    raw_hashes: tuple[Mapping[str, str], Mapping[str, str]],
) -> Causes:
    """Find the changed params, raw files and code of the stages that built a source's rows.

    `locks`: the old and the new `dvc.lock`, parsed. `raw_hashes`: hashes of the source's raw files in the old
    and in the new version, by path; empty where unknown.
    """
    causes = Causes()
    causes.raw_files = _changed_raw_files(source, locks, raw_hashes)
    own_code = f"sources.{source}.format.code_hashes."  # of a format that is not of memcurate
    for stage in (name.format(source=source) for name in _STAGE_NAMES):
        old, new = (lock.get("stages", {}).get(stage) for lock in locks)
        if old is None or new is None:
            if stage.startswith("fetch@"):
                causes.source_status = (
                    "new in `enabled_sources`" if old is None else "no longer in `enabled_sources`"
                )
            continue
        params = list(_changed_params(old, new))
        codes = [one.key.removeprefix(own_code) for one in params if one.key.startswith(own_code)]
        codes += _changed_code_paths(old, new)
        causes.params += [
            one for one in params if not one.key.startswith(own_code) and one not in causes.params
        ]
        causes.code_paths += [path for path in codes if path not in causes.code_paths]
    return causes


def add_reject_causes(
    database: duckdb.DuckDBPyConnection, kind: RowKind, causes_by_source: Mapping[str, Causes]
) -> None:
    """Add to `causes_by_source` the rows of a kind that only one of the versions rejects."""
    for role in ("new", "old"):
        query = _REJECTED_SQL.format(role=role, kind=kind)
        for source, reason, count in sorted(database.execute(query).fetchall()):
            if source in causes_by_source:
                causes = causes_by_source[source]
                counts = causes.newly_rejected if role == "new" else causes.newly_accepted
                counts[reason] = counts.get(reason, 0) + count


def _changed_raw_files(
    source: str,
    locks: tuple[Mapping[str, Any], Mapping[str, Any]],
    raw_hashes: tuple[Mapping[str, str], Mapping[str, str]],
) -> list[str]:
    folder = f"data/raw/{source}"
    entries = [lock.get("stages", {}).get(f"fetch@{source}", {}) for lock in locks]
    old, new = (
        next((out["md5"] for out in entry.get("outs", []) if out["path"] == folder), None)
        for entry in entries
    )
    if old == new or old is None or new is None:
        return []
    before, after = raw_hashes
    if not before or not after:
        return [folder]
    return [
        f"{folder}/{path}"
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]


def _changed_params(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[ParamChange]:
    before, after = (dict(_flatten_params(entry.get("params", {}))) for entry in (old, new))
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key) and key != _IGNORED_PARAM:
            yield ParamChange(key, before.get(key), after.get(key))


def _flatten_params(params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield (dotted key of params.yaml, value) of the params of a stage, by file."""
    for path, values in params.items():
        file = PurePosixPath(path)
        # data/inputs/SOURCE/KEY.json has a key of a source; params.yaml and data/inputs/params.json, all.
        yield from _flatten(
            values, "" if file.stem == "params" else f"sources.{file.parent.name}.{file.stem}"
        )


def _flatten(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, value) of each value in nested mappings that is not a mapping itself."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flatten(inner, f"{key}.{name}" if key else str(name))
    else:
        yield key, value


def _changed_code_paths(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before, after = ({dep["path"]: dep.get("md5") for dep in entry.get("deps", [])} for entry in (old, new))
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path) and not path.startswith(_OUTPUT_PREFIXES):
            yield path
