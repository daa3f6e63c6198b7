"""The reader of a source: its format, with the columns that params.yaml names."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pipeline.core.errors import MemcurateError
from pipeline.core.format_code import hash_format_code
from pipeline.core.params import Source
from pipeline.core.params.formats import FormatParams, OwnFormat
from pipeline.core.schema import Reject
from pipeline.sources.parsed import Book, Document, ParsedSource
from pipeline.sources.shards import RawShard, plan_shards

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
_ENTRY_POINTS = "memcurate.formats"


@dataclass(frozen=True, slots=True)
class SourceReader:
    """A reader of the raw files of a source; small when pickled, so that worker processes can have it."""

    source: str
    format: FormatParams
    code: str = ""  # hash of the code of a format that is not of memcurate: tasks differ by it

    def plan(self, raw_dir: Path, shard_bytes: int) -> list[RawShard]:
        """Plan the shards of the raw files; empty where all files are parsed together.

        A format that `reads_whole` has one shard of all files. Raises MemcurateError when no file is there.
        """
        reader = self._load()
        if not hasattr(reader, "iter_documents"):
            return []
        return list(_plan(raw_dir, sys.maxsize if getattr(reader, "reads_whole", False) else shard_bytes))

    def iter_documents(self, shard: RawShard, rejects: list[Reject]) -> Iterator[Book | Document]:
        """Yield the documents of a shard one by one; rejected records are appended to `rejects`."""
        yield from self._load().iter_documents(shard, self.source, rejects)

    def read_shard(self, shard: RawShard, rejects: list[Reject]) -> Iterator[Book | Document]:
        """Yield the documents of a shard, also of a format that parses all files together."""
        reader = self._load()
        if not hasattr(reader, "parse"):
            yield from reader.iter_documents(shard, self.source, rejects)
            return
        parsed: ParsedSource = reader.parse([shard], self.source)
        rejects += parsed.rejects
        yield from parsed.books
        yield from parsed.documents

    def parse(self, raw_dir: Path) -> ParsedSource:
        """Parse all raw files. Raises MemcurateError as the format does."""
        reader = self._load()
        if hasattr(reader, "parse"):
            parsed = reader.parse(list(_plan(raw_dir, sys.maxsize)), self.source)
        else:
            parsed = ParsedSource()
            for shard in _plan(raw_dir, sys.maxsize):
                for document in reader.iter_documents(shard, self.source, parsed.rejects):
                    (parsed.books if isinstance(document, Book) else parsed.documents).append(document)
        assert isinstance(parsed, ParsedSource)
        return parsed

    def _load(self) -> Any:
        if isinstance(self.format, OwnFormat):
            columns = self.format.model_extra or {}
            try:
                return _load_own_class(self.source, self.format.name)(**columns)
            except TypeError as error:
                raise MemcurateError(
                    f"sources.{self.source}: format {self.format.name} does not take the keys "
                    f"{', '.join(columns) or '(none)'}: {error}"
                ) from error
        module, name = _CLASSES[self.format.name]
        return getattr(import_module(f"pipeline.sources.formats.{module}"), name)(self.format)


def make_reader(name: str, source: Source) -> SourceReader:
    """Return the reader of a source of params.yaml."""
    own = isinstance(source.format, OwnFormat)
    return SourceReader(name, source.format, str(hash_format_code(source.format.name)) if own else "")


def _plan(raw_dir: Path, shard_bytes: int) -> Iterator[RawShard]:
    paths = sorted(path for path in raw_dir.rglob("*") if path.is_file())
    if not paths:
        raise MemcurateError(f"{raw_dir} has no file: run `dvc repro fetch@{raw_dir.name}`")
    yield from plan_shards(paths, raw_dir, shard_bytes)


def _load_own_class(source: str, name: str) -> Any:
    """Return the class of a format that is not of memcurate: of the project's folder, or installed.

    Raises MemcurateError when it is missing.
    """
    module, _, attribute = name.partition(":")
    try:
        if attribute:
            project = str(Path.cwd())
            if project not in sys.path:  # as `python -m stages.chunk` has it, but an installed command not
                sys.path.insert(0, project)
            return getattr(import_module(module), attribute)
        found = tuple(entry_points(group=_ENTRY_POINTS, name=name))
        if len(found) == 1:
            return found[0].load()
        similar = get_close_matches(name, _CLASSES, n=1, cutoff=0.75)
        problem = f"did you mean {similar[0]}?" if similar else f"{len(found)} installed packages have it"
    except (ImportError, AttributeError, ValueError) as error:
        problem = str(error)
    raise MemcurateError(
        f"sources.{source}.format: no format {name!r} ({problem}). Write one of {', '.join(_CLASSES)}, or "
        f"MODULE:CLASS, or the name of an entry point {_ENTRY_POINTS}"
    )
