"""Ids derived from content, so that a rebuild gives the same ids and two versions can be joined."""

from hashlib import blake2b


def short_id(source: str, *content: object) -> str:
    """`<source>/<16 hex digits>`: 64 bits of blake2b over the content, in order."""
    key = "\x1f".join(map(str, content))
    return f"{source}/{blake2b(key.encode('utf-8', 'surrogatepass'), digest_size=8).hexdigest()}"


class SegmentIds:
    """Ids for the segments of one document.

    The id holds the text and which occurrence of that text it is in the document: repeated sentences
    differ, and inserting or changing one segment leaves the ids of the others as they were.
    """

    def __init__(self, source: str, document: str) -> None:
        self._source = source
        self._document = document
        self._seen: dict[str, int] = {}

    def next(self, text: str) -> str:
        """The id of the next segment of the document."""
        occurrence = self._seen.get(text, 0)
        self._seen[text] = occurrence + 1
        return short_id(self._source, self._document, occurrence, text)
