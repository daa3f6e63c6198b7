"""Metrics, statistics, dataset card and report: their numbers are counts of the rows."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tests.soak.invariants.build import Build, Row


def _count_rejects(rejects: Iterable[Row]) -> int:
    """Count rejects as metrics do: segments one by one."""
    return sum(len(one["segments"]) or 1 for one in rejects)


def _count_splits(instances: Iterable[Row]) -> dict[str, int]:
    counts = Counter("train" if one["split"] == "train" else "test" for one in instances)
    return {split: counts[split] for split in ("train", "test")}


def find_bad_metrics(build: Build) -> Iterator[str]:
    """Yield metrics that are not the counts of the rows."""
    for source in build.sources:
        chunked = build.rows(f"chunks/{source}", "instances")
        asked = build.rows(f"questions/{source}", "questions")
        filtered = build.rows(f"filtered/{source}", "instances")
        rejects = build.rows(f"filtered/{source}", "rejects")
        questions = sum(len(one["questions"]) for one in filtered)
        checked = questions + sum(one["kind"] == "question" for one in rejects)
        expected: dict[str, dict[str, float]] = {
            "chunk": {
                **_count_splits(chunked),
                "chunks": sum(len(one["chunks"]) for one in chunked),
                "tokens": sum(one["tokens"] for one in chunked),
                "rejected": _count_rejects(build.rows(f"chunks/{source}", "rejects")),
            },
            "question": {
                "questions": len(asked),
                "rejected": _count_rejects(build.rows(f"questions/{source}", "rejects")),
            },
            "filter": {
                "questions": questions,
                "kept_percent": round(100 * questions / max(checked, 1), 1),
                "pii": len(build.rows(f"filtered/{source}", "pii_findings")),
            },
        }
        for stage, values in expected.items():
            yield from _compare(f"metrics/{stage}/{source}.json", build, values)
    whole = list(build.dataset())
    values = {
        **_count_splits(whole),
        "chunks": sum(len(one["chunks"]) for one in whole),
        "tokens": sum(one["tokens"] for one in whole),
        "questions": sum(len(one["questions"]) for one in whole),
        "rejected": len(build.rows("dataset", "rejects")),
    }
    yield from _compare("metrics/assemble.json", build, values)


def _compare(path: str, build: Build, expected: dict[str, float]) -> Iterator[str]:
    found = build.json(path)
    if found != expected:
        yield f"{path} says {found}, the rows {expected}"


def find_bad_statistics(build: Build) -> Iterator[str]:
    """Yield statistics.json of a stage whose counts are not those of its rows."""
    for source in build.sources:
        for stage in ("chunks", "filtered"):
            statistics = build.json(f"data/{stage}/{source}/statistics.json")
            rows = build.rows(f"{stage}/{source}", "instances")
            yield from _compare_statistics(f"{stage}/{source}", statistics, rows)
            rejects = Counter(
                (one["split"] or "undivided", one["kind"], one["reason"])
                for one in build.rows(f"{stage}/{source}", "rejects")
                for _ in one["segments"] or [None]
            )
            told = {
                (split, kind, reason): count
                for split, kinds in statistics["rejects"].items()
                for kind, reasons in kinds.items()
                for reason, count in reasons.items()
            }
            if told != dict(rejects):
                yield f"{stage}/{source}: rejects of statistics.json are {told}, of the rows {dict(rejects)}"
    statistics = build.json("data/dataset/statistics.json")
    for source in build.sources:
        yield from _compare_statistics(f"dataset, {source}", statistics[source], list(build.dataset(source)))


def _compare_statistics(where: str, statistics: Any, rows: list[Row]) -> Iterator[str]:
    for split in ("train", "test", "evaluation"):
        of_split = [one for one in rows if one["split"] == split]
        told = statistics.get(split, {})
        origins = Counter(question["origin"] for one in of_split for question in one["questions"])
        most = max((chunk["tokens"] for one in of_split for chunk in one["chunks"]), default=None)
        found = (told.get("instances", 0), told.get("questions_by_origin", {}))
        if found != (len(of_split), dict(origins)) or told.get("tokens_per_chunk", {}).get("max") != most:
            yield f"{where}: statistics.json of {split} says {told}, not {len(of_split)}, {dict(origins)}"


def find_bad_card(build: Build) -> Iterator[str]:
    """Yield lines of the dataset card whose numbers are not those of the rows."""
    text = (build.project / "data" / "dataset" / "README.md").read_text(encoding="utf-8")
    tables = _read_tables(text)
    sources = {row[0]: row for row in tables.get("source", [])}
    if set(sources) != set(build.sources):
        yield f"the card has sources {sorted(sources)}"
        return
    for source, row in sources.items():
        by_split = [
            [one for one in build.rows("dataset", split) if one["source"] == source] for split in build.splits
        ]
        instances = " / ".join(str(len(rows)) for rows in by_split)
        questions = " / ".join(str(sum(len(one["questions"]) for one in rows)) for rows in by_split)
        if row[3:] != [instances, questions]:
            yield f"the card says of {source} {row}, the rows {instances}, {questions}"
    origins = {
        split: Counter(
            question["origin"] for one in build.rows("dataset", split) for question in one["questions"]
        )
        for split in build.splits
    }
    told = {row[0]: row[2:] for row in tables.get("origin", [])}
    expected = {
        origin: [str(origins[split][origin]) for split in build.splits]
        for origin in sorted(set().union(*origins.values()))
    }
    if told != expected:
        yield f"the card says of origins {told}, the rows {expected}"


def _read_tables(text: str) -> dict[str, list[list[str]]]:
    """Return the rows of the first Markdown table with each first word of a head."""
    tables: dict[str, list[list[str]]] = {}
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        lines = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in block.splitlines()]
        if any(len(line) != len(lines[0]) for line in lines):
            tables.setdefault("broken", []).append(lines[0])
        tables.setdefault(lines[0][0], lines[2:])
    return tables


def find_bad_ablations(build: Build) -> Iterator[str]:
    """Yield sources whose ablation without a change has other measures than the source."""
    for source in build.sources:
        parity = build.json(f"data/parity/{source}/parity.json") or {"built": {}, "ablations": {}}
        found = parity["ablations"].get("nothing", parity["built"])
        if found != parity["built"]:
            yield f"parity/{source}: built in memory it has {found}, by the stages {parity['built']}"


def find_bad_report(build: Build) -> Iterator[str]:
    """Yield lines of the report's tables whose numbers are not those of the rows."""
    with (build.project / "data" / "report" / "totals.csv").open(encoding="utf-8", newline="") as file:
        totals = {(row["source"], row["split"]): row for row in csv.DictReader(file)}
    for split in build.splits:
        for source in build.sources:
            rows = [one for one in build.rows("dataset", split) if one["source"] == source]
            expected = {
                "instances": len(rows),
                "chunks": sum(len(one["chunks"]) for one in rows),
                "questions": sum(len(one["questions"]) for one in rows),
                "tokens": sum(one["tokens"] for one in rows),
            }
            told = totals.get((source, split), {})
            if {key: int(told.get(key, 0)) for key in expected} != expected:
                yield f"data/report/totals.csv says of {source}, {split}: {told}, the rows {expected}"
