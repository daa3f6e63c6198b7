"""Classes of formats that are not of memcurate, with checks of what they give.

Their errors name the source, the format, the raw file and the line of the user's code. A file that cannot be
read costs that file alone, and a text that is not at its span itself alone.
"""

import inspect
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from sysconfig import get_paths
from typing import Any

import pipeline
from pipeline.core.errors import FormatError, MemcurateError
from pipeline.core.format_code import ENTRY_POINTS, find_entry_points, put_project_on_path
from pipeline.core.params.formats import OwnFormat
from pipeline.core.schema import Reject, Span
from pipeline.sources.io import make_record_reject
from pipeline.sources.parsed import Book, Document, ParsedSource
from pipeline.sources.shards import RawShard
from pipeline.sources.span_check import SpanCheck
from pipeline.sources.span_reader import ReadFile, SpanReader

_END = object()
_LIBRARIES = (Path(pipeline.__file__).parent, *(Path(get_paths()[key]) for key in ("stdlib", "purelib")))
_DOCS = "docs/own-data.md has an example"


class OwnFormatError(FormatError):
    """An error of a user's class, by source, format, file and line."""


class OwnReader:
    """An instance of a user's class; `iter_documents` or `parse` is there as the class has it."""

    def __init__(self, source: str, params: OwnFormat, known: Sequence[str]) -> None:
        """Make the instance. `known`: the names of memcurate's own formats, for errors.

        Raises MemcurateError where the class is missing, fails, or has neither method.
        """
        self._source = source
        self._name = params.name
        columns = params.model_extra or {}
        self._class: Any = None
        self._class = self._load_class(known)
        try:
            inspect.signature(self._class).bind(**columns)
        except TypeError as error:
            raise self._error(f"does not take the keys {', '.join(columns) or '(none)'}: {error}") from error
        except ValueError:
            pass  # a class of a compiled module has no signature
        with self._guard():
            self._instance = self._class(**columns)
        self.has_documents = callable(getattr(self._instance, "iter_documents", None))
        if not self.has_documents and not callable(getattr(self._instance, "parse", None)):
            raise self._error(
                f"must have iter_documents(shard, source, rejects) or parse(shards, source): {_DOCS}"
            )
        self.reads_whole = bool(getattr(self._instance, "reads_whole", False))

    @property
    def read_file(self) -> ReadFile | None:
        """The method by which the class decodes its files itself; None where it has none."""
        method = getattr(self._instance, "read_file", None)
        if not callable(method):
            return None

        def read_file(path: Path) -> Any:
            with self._guard(path.name):
                return method(path)

        return read_file

    def iter_documents(self, shard: RawShard, rejects: list[Reject]) -> Iterator[Book | Document]:
        """Yield the checked documents of a shard; a file that cannot be read is a reject.

        Raises OwnFormatError where the class fails, or gives something else, or a name twice.
        """
        names: dict[str, str] = {}
        shards = [shard] if self.reads_whole else [replace(shard, parts=(part,)) for part in shard.parts]
        reader = SpanReader(shard.raw_dir, self.read_file)
        for one in shards:
            file = one.parts[0].path if len(one.parts) == 1 else ""
            for document in self._iter_unchecked(one, file, rejects):
                if document.name in names:
                    raise repeated_name_error(
                        self._source, self._name, document.name, names[document.name], file
                    )
                names[document.name] = file
                kept = self._check_spans(document, reader, rejects)
                if kept is not None:
                    yield kept

    def parse(self, shards: list[RawShard]) -> ParsedSource:
        """Return the checked result of `parse`. Raises OwnFormatError as `iter_documents` does."""
        with self._guard():
            parsed = self._instance.parse(shards, self._source)
        if not isinstance(parsed, ParsedSource):
            raise self._error(f"parse gave {_describe(parsed)}, but a ParsedSource is expected: {_DOCS}")
        names: set[str] = set()
        given: list[Book | Document] = [*parsed.books, *parsed.documents]
        for document in given:
            if document.name in names:
                raise repeated_name_error(self._source, self._name, document.name)
            names.add(document.name)
        reader = SpanReader(shards[0].raw_dir, self.read_file)
        check = SpanCheck(self._source, reader, parsed.rejects)
        with self._guard():
            documents = list(map(check.keep_document, given))
            parsed.books = [one for one in documents if isinstance(one, Book)]
            parsed.documents = [one for one in documents if isinstance(one, Document)]
            parsed.labelled_examples = check.keep_segments(parsed.labelled_examples)
        return parsed

    def _iter_unchecked(self, shard: RawShard, file: str, rejects: list[Reject]) -> Iterator[Book | Document]:
        """Yield what the class gives of a shard; an unreadable file is a reject. Raises OwnFormatError."""
        try:
            with self._guard(file):
                given = self._instance.iter_documents(shard, self._source, rejects)
            if not hasattr(given, "__iter__"):
                raise self._error(
                    f"iter_documents gave {_describe(given)}, but documents are expected: `yield` them"
                )
            documents = iter(given)
            while True:
                num_rejects = len(rejects)
                with self._guard(file):
                    document = next(documents, _END)
                self._require_rejects(rejects[num_rejects:])
                if document is _END:
                    return
                if not isinstance(document, Book | Document):
                    raise self._error(
                        f"iter_documents gave {_describe(document)}, but a Document or Book is expected: "
                        "yield what DocumentBuilder.build returns"
                    )
                yield document
        except FormatError:
            raise
        except MemcurateError as error:
            if not file:
                raise
            span = Span(file, "", 0, 0)
            rejects.append(make_record_reject(self._source, "unreadable file", str(error), span))

    def _require_rejects(self, rejects: list[Reject]) -> None:
        for one in rejects:
            if not isinstance(one, Reject):
                raise self._error(
                    f"appended {_describe(one)} to `rejects`, but a Reject is expected, which "
                    "make_record_reject makes"
                )

    def _check_spans(
        self, document: Book | Document, reader: SpanReader, rejects: list[Reject]
    ) -> Book | Document | None:
        with self._guard():
            return SpanCheck(self._source, reader, rejects).keep_document(document)

    def _load_class(self, known: Sequence[str]) -> Any:
        """Return the class, of the project's folder or installed. Raises MemcurateError."""
        module, _, attribute = self._name.partition(":")
        try:
            if attribute:
                put_project_on_path()
                return getattr(import_module(module), attribute)
            found = find_entry_points(self._name)
            if len(found) == 1:
                return found[0].load()
            similar = get_close_matches(self._name, known, n=1, cutoff=0.75)
            problem = f"did you mean {similar[0]}?" if similar else f"{len(found)} installed packages have it"
        except (ImportError, AttributeError, ValueError) as error:
            problem = str(error)
        except Exception as error:
            raise self._error(f"cannot be imported: {self._place(error)}") from error
        raise unknown_format_error(self._source, self._name, problem, known)

    @contextmanager
    def _guard(self, file: str = "") -> Iterator[None]:
        """Name the source, the format, the file and the line of the user's code in errors of the class."""
        try:
            yield
        except OwnFormatError:
            raise
        except FormatError as error:
            raise self._error(f"failed: {self._place(error, str(error))}") from error
        except (MemcurateError, MemoryError):
            raise
        except Exception as error:
            raise self._error(
                f"failed{f' on {file}' if file else ''}: {self._place(error)}. Mend that line, or append "
                "what it cannot read to `rejects`"
            ) from error

    def _place(self, error: Exception, text: str = "") -> str:
        """Return an error with the innermost line of the user's code that it went through.

        `text`: describes the error; empty: its type and message.
        """
        text = text or f"{type(error).__name__}: {error}".removesuffix(": ")
        if isinstance(error, SyntaxError) and error.filename:
            return f"{_name_file(error.filename)}:{error.lineno}: {type(error).__name__}: {error.msg}"
        frames = [one for one in traceback.extract_tb(error.__traceback__) if self._is_users(one.filename)]
        return f"{_name_file(frames[-1].filename)}:{frames[-1].lineno}: {text}" if frames else text

    def _is_users(self, filename: str) -> bool:
        """Return whether a file is of the user's code, and neither of memcurate nor of a library."""
        path = Path(filename)
        if self._class is not None:
            package = self._class.__module__.split(".")[0]
            own = getattr(sys.modules.get(package), "__file__", None)
            if own and path.is_relative_to(own.removesuffix("/__init__.py")):
                return True
        return path.is_file() and not any(path.is_relative_to(place) for place in _LIBRARIES)

    def _error(self, problem: str) -> OwnFormatError:
        return OwnFormatError(f"sources.{self._source}: format {self._name} {problem}")


def repeated_name_error(
    source: str, format_name: str, name: str, first: str = "", second: str = ""
) -> OwnFormatError:
    """Return the error for two documents of one name. `first`, `second`: their files, where known."""
    files = " and ".join(dict.fromkeys(filter(None, (first, second))))
    return OwnFormatError(
        f"sources.{source}: format {format_name} gave two documents the name {name!r:.80}"
        + (f", of {files}" if files else "")
        + ". Ids and the split go by the name: use the file's path, with a number where a file has several "
        "documents, and `group` for documents that belong into one split"
    )


def unknown_format_error(source: str, name: str, problem: str, known: Sequence[str]) -> MemcurateError:
    """Return the error for a format that is not there. `known`: the names of memcurate's own formats."""
    return MemcurateError(
        f"sources.{source}.format: no format {name!r} ({problem}). Write one of {', '.join(known)}, or "
        f"MODULE:CLASS, or the name of an entry point {ENTRY_POINTS}"
    )


def _describe(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}, {repr(value)[:80]}"


def _name_file(filename: str) -> str:
    """Return a file below the project's folder by its path there, and any other by its name."""
    path = Path(filename)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else path.name
