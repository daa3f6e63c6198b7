"""The files of a build as a user reads them: plain rows of pyarrow, and JSON."""

import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipeline.core.params import Params, load_params
from tests.integration.raw_text import RawText

Row = dict[str, Any]


class Build:
    """A project after a rebuild; each file is read once."""

    def __init__(self, project: Path) -> None:
        """`project`: its folder."""
        self.project = project
        self._rows: dict[Path, list[Row]] = {}
        self._raw: dict[str, RawText] = {}

    @cached_property
    def params(self) -> Params:
        """The params, with the defaults of formats."""
        return load_params(self.project / "params.yaml")

    @property
    def sources(self) -> list[str]:
        """The enabled sources."""
        return self.params.enabled_sources

    @property
    def splits(self) -> list[str]:
        """The splits of the dataset: `evaluation` where a source is an evaluation set."""
        return ["train", "test", *(["evaluation"] if self.rows("dataset", "evaluation") else [])]

    def rows(self, folder: str, table: str) -> list[Row]:
        """Return the rows of a table below data/, of one file or of its parts; none where it is absent."""
        path = self.project / "data" / folder
        if path / table not in self._rows:
            files = [*path.glob(f"{table}.parquet"), *sorted(path.glob(f"{table}-*-of-*.parquet"))]
            self._rows[path / table] = [row for file in files for row in pq.read_table(file).to_pylist()]
        return self._rows[path / table]

    def json(self, path: str) -> Any:
        """Return a JSON file of the project."""
        return json.loads((self.project / path).read_text(encoding="utf-8"))

    def dataset(self, source: str | None = None) -> Iterator[Row]:
        """Yield the instances of all splits, of one source or of all."""
        for split in self.splits:
            for instance in self.rows("dataset", split):
                if source in (None, instance["source"]):
                    yield instance

    def instances(self) -> Iterator[tuple[str, Row]]:
        """Yield (folder, instance) of chunks, filtered and dataset."""
        for source in self.sources:
            for stage in ("chunks", "filtered"):
                yield from ((f"{stage}/{source}", one) for one in self.rows(f"{stage}/{source}", "instances"))
        yield from (("dataset", one) for one in self.dataset())

    def raw(self, source: str) -> RawText:
        """Return the reader of a source's raw files."""
        return self._raw.setdefault(source, RawText(self.project / "data" / "raw" / source))


def iter_segments(instance: Row) -> Iterator[tuple[Row, Row]]:
    """Yield (chunk, segment) of an instance."""
    for chunk in instance["chunks"]:
        for segment in chunk["segments"]:
            yield chunk, segment


def segment_text(chunk: Row, segment: Row) -> str:
    """Return the text of a segment in its chunk."""
    return str(chunk["text"][segment["start"] : segment["end"]])
