"""The reader of a source: its format, with the columns that params.yaml names."""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.core.environment import derive_pii_key
from pipeline.core.errors import MemcurateError
from pipeline.core.format_code import hash_format_code
from pipeline.core.params import PiiMode, Source
from pipeline.core.params.formats import FormatParams, OwnFormat
from pipeline.core.schema import Reject
from pipeline.sources.own_formats import OwnReader, repeated_name_error
from pipeline.sources.parsed import Book, Document, ParsedSource
from pipeline.sources.shards import RawShard, plan_shards
from pipeline.sources.span_reader import SpanReader

if TYPE_CHECKING:
    from pipeline.sources.pii import PiiDoor

# By name: the module in `formats`, and its class.
_CLASSES = {
    "messages": ("messages", "Messages"),
    "text": ("text", "Text"),
    "labels": ("labels", "Labels"),
    "qa": ("qa", "Qa"),
    "timeline": ("timeline", "Timeline"),
    "messenger": ("messenger", "Messenger"),
    "squad": ("squad", "Squad"),
    "label_lines": ("label_lines", "LabelLines"),
    "label_files": ("label_files", "LabelFiles"),
    "label_lists": ("label_lists", "LabelLists"),
    "label_pairs": ("label_pairs", "LabelPairs"),
    "trec": ("trec", "Trec"),
    "chapters": ("chapters", "Chapters"),
    "chitchat": ("chitchat", "Chitchat"),
    "perltqa": ("perltqa", "PerLtqa"),
    "hotpotqa": ("hotpotqa", "HotpotQa"),
    "locomo": ("locomo", "Locomo"),
    "longmemeval": ("longmemeval", "LongMemEval"),
    "memory_agent_bench": ("memory_agent_bench", "MemoryAgentBench"),
    "beam": ("beam", "Beam"),
    "halumem": ("halumem", "HaluMem"),
    "simulated_world": ("simulated_world", "SimulatedWorld"),
    "corrected_squad": ("corrected_squad", "CorrectedSquad"),
}


@dataclass(frozen=True, slots=True)
class SourceReader:
    """A reader of the raw files of a source; small when pickled, so that worker processes can have it."""

    source: str
    format: FormatParams
    code: str = ""  # hash of the code of a format that is not of memcurate: tasks differ by it
    pii: PiiMode = "report"
    language: str = "en"  # of the texts, where personal data is looked for in them
    pii_key: str = ""  # of the pseudonyms of `pii: mask`

    @property
    def is_own(self) -> bool:
        """Whether the format is not of memcurate."""
        return isinstance(self.format, OwnFormat)

    def plan(self, raw_dir: Path, shard_bytes: int) -> list[RawShard]:
        """Plan the shards of the raw files; empty where all files are parsed together.

        A format that `reads_whole` has one shard of all files. Raises MemcurateError when no file is there.
        """
        own = self._load_own()
        reader = own or self._load()
        if not (own.has_documents if own else hasattr(reader, "iter_documents")):
            return []
        return list(_plan(raw_dir, sys.maxsize if getattr(reader, "reads_whole", False) else shard_bytes))

    def iter_documents(
        self, shard: RawShard, rejects: list[Reject], masked: Counter[str] | None = None
    ) -> Iterator[Book | Document]:
        """Yield the documents of a shard one by one; rejected records are appended to `rejects`.

        `masked`: receives the number of values that pseudonyms replace, by kind. Raises FormatError where a
        format that is not of memcurate fails.
        """
        door = self.make_pii_door()
        if door is None:
            yield from self._iter_untreated(shard, rejects)
            return
        untreated: list[Reject] = []
        for document in self._iter_untreated(shard, untreated):
            treated = door.treat(document, rejects)
            if treated is not None:
                yield treated
        rejects += door.treat_rejects(untreated)
        if masked is not None:
            masked.update(door.counts)

    def _iter_untreated(self, shard: RawShard, rejects: list[Reject]) -> Iterator[Book | Document]:
        own = self._load_own()
        if own is not None:
            yield from own.iter_documents(shard, rejects)
        else:
            yield from self._load().iter_documents(shard, self.source, rejects)

    def read_shard(self, shard: RawShard, rejects: list[Reject]) -> Iterator[Book | Document]:
        """Yield the documents of a shard, also of a format that parses all files together, untreated."""
        reader = self._load()
        if not hasattr(reader, "parse"):
            yield from reader.iter_documents(shard, self.source, rejects)
            return
        parsed: ParsedSource = reader.parse([shard], self.source)
        rejects += parsed.rejects
        yield from parsed.books
        yield from parsed.documents

    def parse(self, raw_dir: Path, masked: Counter[str] | None = None) -> ParsedSource:
        """Parse all raw files. Raises MemcurateError as the format does.

        `masked`: receives the number of values that pseudonyms replace, by kind.
        """
        parsed = self._parse_untreated(raw_dir)
        door = self.make_pii_door()
        if door is not None:
            parsed = door.treat_parsed(parsed)
            if masked is not None:
                masked.update(door.counts)
        return parsed

    def _parse_untreated(self, raw_dir: Path) -> ParsedSource:
        own = self._load_own()
        reader = self._load() if own is None else None
        shards = list(_plan(raw_dir, sys.maxsize))
        if own is not None and not own.has_documents:
            return own.parse(shards)
        if reader is not None and hasattr(reader, "parse"):
            parsed = reader.parse(shards, self.source)
            assert isinstance(parsed, ParsedSource)
            return parsed
        parsed = ParsedSource()
        for shard in shards:
            for document in self._iter_untreated(shard, parsed.rejects):
                if isinstance(document, Book):
                    parsed.books.append(document)
                else:
                    parsed.documents.append(document)
        return parsed

    def make_pii_door(self) -> "PiiDoor | None":
        """Return the treatment of personal data; None where it is only reported.

        Raises MemcurateError where masking has no key.
        """
        if self.pii == "report":
            return None
        from pipeline.sources.pii import make_pii_door  # its library loads for such sources alone

        return make_pii_door(self.pii, self.source, self.language, self.pii_key)

    def open_spans(self, raw_dir: Path) -> SpanReader:
        """Return a reader of the spans of the raw files, which decodes them as the format does.

        It reads personal data as it is. Raises MemcurateError as `make_pii_door` does.
        """
        own = self._load_own()
        read_file = own.read_file if own else None
        door = self.make_pii_door()
        if door is None:
            return SpanReader(raw_dir, read_file)
        from pipeline.sources.pii.span_reader import RedactedSpanReader

        return RedactedSpanReader(raw_dir, read_file, door.redaction)

    def find_decoder(self) -> str:
        """Return the name of a format that decodes its files by its own code; empty for the others."""
        if not isinstance(self.format, OwnFormat):
            return ""
        try:
            own = OwnReader(self.source, self.format, list(_CLASSES))
        except MemcurateError:
            return ""  # where spans are read, the error is shown
        return self.format.name if own.read_file else ""

    def repeated_name_error(self, name: str, first: RawShard, second: RawShard) -> MemcurateError:
        """Return the error for documents of one name in two shards."""
        files = [
            f"{one.parts[0].path} to {one.parts[-1].path}" if len(one.parts) > 1 else one.parts[0].path
            for one in (first, second)
        ]
        return repeated_name_error(self.source, self.format.name, name, *files)

    def _load_own(self) -> OwnReader | None:
        """Return the reader of a format that is not of memcurate; None for the others."""
        return (
            OwnReader(self.source, self.format, list(_CLASSES))
            if isinstance(self.format, OwnFormat)
            else None
        )

    def _load(self) -> Any:
        module, name = _CLASSES[self.format.name]
        return getattr(import_module(f"pipeline.sources.formats.{module}"), name)(self.format)


def make_reader(name: str, source: Source) -> SourceReader:
    """Return the reader of a source of params.yaml."""
    own = isinstance(source.format, OwnFormat)
    return SourceReader(
        name,
        source.format,
        str(hash_format_code(source.format.name)) if own else "",
        source.pii,
        # Where nothing depends on them, tasks are the same for any language and secret.
        source.language if source.pii != "report" else "en",
        derive_pii_key(name) if source.pii == "mask" else "",
    )


def _plan(raw_dir: Path, shard_bytes: int) -> Iterator[RawShard]:
    paths = sorted(path for path in raw_dir.rglob("*") if path.is_file())
    if not paths:
        raise MemcurateError(f"{raw_dir} has no file: run `dvc repro fetch@{raw_dir.name}`")
    yield from plan_shards(paths, raw_dir, shard_bytes)
