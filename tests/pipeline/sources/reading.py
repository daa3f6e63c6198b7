"""Read raw files as the chunk stage does."""

from pathlib import Path

from pipeline.core.params.formats import FormatParams
from pipeline.core.params.source import Source
from pipeline.core.schema import Reject
from pipeline.sources import SourceReader
from pipeline.sources.parsed import Book, Document, ParsedSource


def parse(source: str, raw_dir: Path) -> ParsedSource:
    """Parse the raw files of a source with the adapter of its name."""
    return SourceReader(source, None).parse(raw_dir)


def make_format(name: str, **columns: object) -> FormatParams:
    """A format with columns, as params.yaml names them."""
    source = Source.model_validate({"format": name, "files": ["file:any"], **columns})
    assert source.format is not None
    return source.format


def read_documents(
    raw_dir: Path, format: FormatParams, shard_bytes: int = 1 << 30
) -> tuple[list[Book | Document], list[Reject]]:
    """The documents of raw files, shard by shard, and the rejects."""
    reader = SourceReader("made", format)
    rejects: list[Reject] = []
    shards = reader.plan(raw_dir, shard_bytes)
    return [one for shard in shards for one in reader.iter_documents(shard, rejects)], rejects
