"""Read the parts of one raw record, such as the sessions and questions of a conversation, one by one."""

from collections.abc import Iterator
from typing import Annotated, Any, TypeVar

from pydantic import StringConstraints

from pipeline.core.schema import Span
from pipeline.sources.io import RawRecord, json_pointer, make_record_reject, validate_records
from pipeline.sources.parsed import ParsedSource

M = TypeVar("M", bound=RawRecord)

NonBlank = Annotated[str, StringConstraints(pattern=r"\S")]  # a field of a raw record


class RecordReader:
    """A reader of a record's parts: those that are malformed become rejects of the parsed source."""

    def __init__(self, file: str, key: str | int, source: str, parsed: ParsedSource) -> None:
        """Begin a record.

        Args:
            file: Path of the raw file below the source's raw folder.
            key: Key or index of the record in the file, with which the paths of its parts begin.
            source: Name in params.yaml.
            parsed: The source that the parts and rejects are added to.
        """
        self._file = file
        self._key = key
        self._source = source
        self._parsed = parsed

    def _validate(self, model: type[M], values: Any, *where: str | int) -> Iterator[tuple[str | int, M]]:
        """Yield (key or index, part) for the values at a path that match a model; the others are rejects."""
        return validate_records(model, values, self._file, self._source, self._parsed.rejects, *where)

    def _reject(self, reason: str, detail: str, *where: str | int) -> None:
        """Reject the part at a path."""
        span = Span(self._file, json_pointer(*where), 0, 0)
        self._parsed.rejects.append(make_record_reject(self._source, reason, detail, span))


def name_document(name: str, names: set[str], file: str, key: str | int) -> str:
    """Return the name of a record's document, with its place in the files where another has the name.

    `names`: those of the documents before; the name is added.
    """
    if name in names:
        name = f"{name} in {file}#/{key}"
    names.add(name)
    return name
