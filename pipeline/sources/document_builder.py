"""Build documents segment by segment: ids and source spans are made here, for every format alike."""

import re
from collections.abc import Iterable
from datetime import datetime

from pipeline.core.errors import FormatError
from pipeline.core.ids import SegmentIds
from pipeline.core.schema import Segment
from pipeline.sources.io import strip_with_span
from pipeline.sources.parsed import Document, Section

_TIME = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}")


class DocumentBuilder:
    """A builder of one document: `add` its texts in order, then `build` it."""

    def __init__(self, source: str, file: str, name: str, group: str = "") -> None:
        """Begin a document.

        Args:
            source: Name in params.yaml.
            file: Path of the raw file below the source's raw folder.
            name: Name of the document; no other document of the source has it.
            group: Documents of a group, such as a user, are in the same split; empty: no other document.
        """
        self._file = file
        self._ids = SegmentIds(source, name)
        self._document = Document(name, [], group)

    def add(
        self,
        text: str,
        *,
        record: str = "",
        start: int = 0,
        section: str | None = None,
        speaker: str | None = None,
        time: str | None = None,
        follows: bool = False,
    ) -> Segment | None:
        """Add a text, without white space around it; return its segment, or None where nothing is left.

        Args:
            text: The text, as in the raw file.
            record: JSON pointer of the string that holds it; empty: the file is text.
            start: Index of `text` in that string, or in the file as `read_text` gives it: in characters, not
                bytes, and without the byte order mark.
            section: Name of the chat, chapter or article that it belongs to.
            speaker: Name of who said it; None: it is a narrative.
            time: YYYY-MM-DD HH:MM, as `times.parse_time` gives it; None: not known.
            follows: Whether it stays in one chunk with the text before it, where both fit.

        Raises:
            FormatError: When the time is of another form, or is not a time.
        """
        if time is not None and not _is_time(time):
            raise FormatError(
                f"{self._file}{f'#{record}' if record else ''}: a text has the time {time!r:.80}, but "
                "DocumentBuilder.add takes YYYY-MM-DD HH:MM. pipeline.sources.times.parse_time gives that of "
                "other forms, and None for what is not a time"
            )
        inner, span = strip_with_span(text, self._file, record, start)
        if not inner:
            return None
        segment = Segment(
            self._ids.next(inner), span, self._document.name, section, speaker, time, None, inner
        )
        sections = self._document.sections
        if not sections or sections[-1].name != (section or ""):
            sections.append(Section(section or "", []))
            follows = False
        units = sections[-1].units
        if follows:
            units[-1].append(segment)
        else:
            units.append([segment])
        return segment

    def add_copies(self, segments: Iterable[Segment], speaker: str, time: str | None) -> None:
        """Add texts of another document to the last unit, as said by `speaker` at `time`.

        They keep their source spans, and get ids of this document.
        """
        section, name = self._document.sections[-1], self._document.name
        section.units[-1] += [
            Segment(
                self._ids.next(one.text), one.source_span, name, section.name, speaker, time, None, one.text
            )
            for one in segments
        ]

    def build(self) -> Document:
        """Return the document; it has no sections where no text was added."""
        return self._document


def _is_time(time: str) -> bool:
    if not _TIME.fullmatch(time):
        return False
    try:
        datetime.fromisoformat(time)
    except ValueError:
        return False
    return True
