"""Texts: a file each, plain, in Markdown, HTML or EPUB, or a column of records.

A text is a document: a book, whose chapters are the sections below its headings. Their titles begin with
that of the text: of Markdown's front matter, or its only heading of the first level, with the date of front
matter, or of the file's name; or the name of its file.
Front matter belongs to no section and is a reject.
"""

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from itertools import pairwise

import yaml

from pipeline.core.dates import find_days
from pipeline.core.errors import EmptyFileError, MemcurateError
from pipeline.core.params.formats import TextFormat
from pipeline.core.schema import Reject, Span
from pipeline.sources.formats.books import find_chapters, read_book
from pipeline.sources.io import MARKUP_SUFFIXES, make_record_reject, read_text
from pipeline.sources.parsed import Book
from pipeline.sources.records import DATA_SUFFIXES, describe_columns, iter_records, read_string
from pipeline.sources.shards import FilePart, RawShard
from pipeline.sources.times import parse_time
from pipeline.text.file_dates import find_file_days
from pipeline.text.segment_names import make_title

_MARKDOWN_SUFFIXES = (".md", ".markdown", *MARKUP_SUFFIXES)
_HEADING = re.compile(r"^#{1,6}[ \t]+(?P<title>\S[^\n]*)$", re.MULTILINE)
_WORD = re.compile(r"\w+")
_TITLE = re.compile(r"#[ \t]")
# Of front matter, the first that holds a date; without case, spaces, `-` and `_`.
_DATE_KEYS = (
    "date datetime created createdat createdon datecreated creationdate createdate createddate published "
    "publishedat publishedon datepublished publishdate publisheddate pubdate publicationdate"
).split()
_FENCE = re.compile(r"^ {0,3}(```|~~~)", re.MULTILINE)
_MAX_FRONT_MATTER_CHARS = 10_000  # of which title and date are read
_FRONT_MATTER_LINE = re.compile(r"^---[ \t\r]*$", re.MULTILINE)


class Text:
    """Reader of texts."""

    def __init__(self, columns: TextFormat) -> None:
        """`columns`: the columns of records, and where sections begin."""
        self._columns = columns

    def iter_documents(self, shard: RawShard, source: str, rejects: list[Reject]) -> Iterator[Book]:
        """Yield the texts of a shard. A file that holds no text is a reject."""
        for part in shard.parts:
            if part.path.lower().endswith(DATA_SUFFIXES):
                yield from self._read_records(RawShard(shard.raw_dir, (part,)), source, rejects)
            elif self._columns.headings == "books":
                book = read_book(shard.raw_dir / part.path, part.path, source, rejects)
                if book is not None:
                    yield book
            else:
                yield from self._read_file(shard, part, source, rejects)

    def _read_file(
        self, shard: RawShard, part: FilePart, source: str, rejects: list[Reject]
    ) -> Iterator[Book]:
        span = Span(part.path, "", 0, 0)
        try:
            text = read_text(shard.raw_dir / part.path, ("utf-8", "latin-1"))
        except EmptyFileError:
            rejects.append(
                make_record_reject(source, "blank text", "the file is empty and is left out", span)
            )
            return
        except MemcurateError as error:
            rejects.append(make_record_reject(source, "unreadable file", str(error), span))
            return
        start, title, date = 0, "", ""
        is_markdown = self._is_markdown(part.path)
        if is_markdown:
            start = _find_front_matter_end(text)
            if start:
                values = _read_front_matter(text[:start])
                key = _find_date_key(values)
                title, date = values.get("title", ""), (parse_time(values.get(key)) or "")[:10]
                detail = _describe_front_matter(values, ("title", key))
                rejects.append(
                    make_record_reject(source, "front matter", detail, Span(part.path, "", 0, start))
                )
        chapters = self._find_chapters(text, start, is_markdown)
        if chapters:
            heading = _find_title(text, chapters) if is_markdown else ""
            title = title or heading
            if title:
                date = date or _find_date(part.path, title)
            elif date or len(chapters) > 1:
                title = make_title(part.path)
                date = "" if date in title else date
            chapters = _prefix_title(title, date, chapters, heading)
            yield Book(part.path, part.path, text, chapters, has_own_lines=not is_markdown)
        else:
            rejects.append(make_record_reject(source, "blank text", "", span))

    def _read_records(self, shard: RawShard, source: str, rejects: list[Reject]) -> Iterator[Book]:
        columns = self._columns
        for record in iter_records(shard, source, rejects):
            text = read_string(record, columns.text)
            if text is None:
                detail = f"no text in column {columns.text}; {describe_columns(record.value)}"
                rejects.append(make_record_reject(source, "malformed record", detail, record.span()))
                continue
            name = record.name
            title = read_string(record, columns.title or "title") or ""
            is_markdown = columns.headings == "markdown"
            chapters = _prefix_title(title, "", self._find_chapters(text, 0, is_markdown))
            has_own_lines = columns.headings is None
            locator = record.span(columns.text).record
            yield Book(name, record.file, text, chapters, locator, has_own_lines=has_own_lines)

    def _is_markdown(self, path: str) -> bool:
        headings = self._columns.headings
        return path.lower().endswith(_MARKDOWN_SUFFIXES) if headings is None else headings == "markdown"

    def _find_chapters(self, text: str, start: int, is_markdown: bool) -> list[tuple[int, int, str]]:
        """Return (start, end, title) of the sections of a text from `start` on; without headings, of one."""
        if self._columns.headings == "books":
            return find_chapters(text, len(text), None)
        starts, titles = [start], [""]
        fences = _find_fences(text) if is_markdown else []
        for match in _HEADING.finditer(text, start) if is_markdown else ():
            before = bisect(fences, (match.start(),))  # fences that begin before the heading
            if not before or match.start() >= fences[before - 1][1]:
                starts.append(match.start())
                titles.append(match["title"].rstrip("# \t\r"))
        bounds = pairwise([*starts, len(text)])
        return [
            (last - len(text[first:last].lstrip()), last, title)
            for (first, last), title in zip(bounds, titles, strict=True)
            if text[first:last].strip()
        ]


def _prefix_title(
    title: str, date: str, chapters: list[tuple[int, int, str]], own_heading: str = ""
) -> list[tuple[int, int, str]]:
    """Put the title of a text, with its date, before the headings that do not begin with it.

    `own_heading`: the only one of the first level. It is not repeated where the title says the same, or more.
    """
    title = " ".join(title.split())
    dated = f"{title} ({date})" if date else title
    words = _WORD.findall(title.casefold())

    def name(heading: str) -> str:
        its_words = _WORD.findall(heading.casefold())
        says_all = heading == own_heading and its_words == words[: len(its_words)]
        if not heading or its_words == words or says_all:
            return dated
        return heading if heading.startswith(title) else f"{dated}, {heading}"

    return [(start, end, name(heading)) for start, end, heading in chapters]


def _find_title(text: str, chapters: list[tuple[int, int, str]]) -> str:
    """Return the heading of the first level; empty where none begins a text, or others follow."""
    titles = [heading for start, _, heading in chapters if heading and _TITLE.match(text, start)]
    first = next((heading for _, _, heading in chapters if heading), "")
    return first if titles == [first] else ""


def _describe_front_matter(values: dict[str, str], used: Sequence[str]) -> str:
    """Return which keys of front matter are used beside the text, and which are not."""
    kept = [key for key in used if values.get(key)]
    others = [key for key in values if key not in kept]
    return f"used: {', '.join(kept) or 'nothing'}" + (f"; not used: {', '.join(others)}" if others else "")


def _find_date_key(values: dict[str, str]) -> str:
    """Return the key of front matter that tells when a note was written; empty where none has a time."""
    keys = {re.sub("[ _-]", "", key).lower(): key for key in values}
    known = (keys[name] for name in _DATE_KEYS if name in keys)
    return next((key for key in known if parse_time(values[key])), "")


def _find_date(path: str, title: str) -> str:
    """Return the only date in the path of a file, YYYY-MM-DD; empty where the title has it."""
    days = find_file_days(path)
    return f"{days[0]:%Y-%m-%d}" if len(days) == 1 and days[0] not in find_days(title) else ""


def _read_front_matter(front_matter: str) -> dict[str, str]:
    """Return the strings, numbers and dates of front matter in YAML, as written, by their keys.

    A list or a mapping is an empty string. Nothing is returned of front matter that is not YAML.
    """
    if len(front_matter) > _MAX_FRONT_MATTER_CHARS:
        return {}
    try:
        root = yaml.compose(front_matter.rstrip().rstrip("-"), yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return {}
    values: dict[str, str] = {}
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if isinstance(key, yaml.ScalarNode) and value.tag != "tag:yaml.org,2002:null":
            values.setdefault(key.value, value.value if isinstance(value, yaml.ScalarNode) else "")
    return values


def _find_front_matter_end(text: str) -> int:
    """Return the index after the front matter of Markdown, between two lines `---`; 0 where there is none."""
    lines = _FRONT_MATTER_LINE.finditer(text)
    first, second = next(lines, None), next(lines, None)
    return second.end() if first is not None and first.start() == 0 and second is not None else 0


def _find_fences(text: str) -> list[tuple[int, int]]:
    """Return the spans of code between fences of Markdown; one that does not end goes on to the end."""
    fences: list[tuple[int, int]] = []
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            opened = fence
        elif fence[1] == opened[1]:
            fences.append((opened.start(), fence.end()))
            opened = None
    return fences if opened is None else [*fences, (opened.start(), len(text))]
