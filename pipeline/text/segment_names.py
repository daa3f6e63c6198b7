"""The name under which a segment is shown and asked about."""

import re

from pipeline.core.schema import SegmentMetadata
from pipeline.text.file_dates import write_date
from pipeline.text.normalize import normalize_text

_TEXT_FILE = re.compile(r"(?i)\.(?:txt|text|md|markdown|html?|xhtml|epub|rst|org)$")
_MARKDOWN_FILE = re.compile(r"(?i)\.(?:md|markdown|html?|xhtml|epub)$")
_RECORD = re.compile(r"(?i)\.(?:jsonl|json|csv|tsv|parquet)(?=/)")  # of a data file, named by file and keys
_WORD_JOINER = re.compile(r"(?<=[^\W\d_])[-_]+(?=[^\W\d_])|_+")


def document_and_section(segment: SegmentMetadata) -> str:
    """Name the document and section of a segment; once where both have the same name.

    The file of a text is not its title: where its sections have names, these are whole titles.
    """
    if is_file_name(segment.document):
        return segment.section or make_title(segment.document)
    if not segment.section or normalize_text(segment.section) == normalize_text(segment.document):
        return segment.document
    return f"{segment.document}, {segment.section}"


def is_file_name(document: str) -> bool:
    """Return whether a document is named by its file, or by a record of one."""
    return _TEXT_FILE.search(document) is not None or _RECORD.search(document) is not None


def is_markdown_file(document: str) -> bool:
    """Return whether a document is a file that is read as Markdown; elsewhere `*` may mark a footnote."""
    return _MARKDOWN_FILE.search(document) is not None


def make_title(file: str) -> str:
    """Return a title made of the path of a text, or of a record: `my trip` of `notes/my_trip.md`.

    Its date is written as YYYY-MM-DD: `2025-04-19 trip` of `20250419-trip.md`.
    """
    record = _RECORD.search(file)
    if record is None:
        name = write_date(_TEXT_FILE.sub("", file))
    else:
        name = " ".join([file[: record.start()].rpartition("/")[2], *file[record.end() :].split("/")])
    return " ".join(_WORD_JOINER.sub(" ", name).split()) or file
