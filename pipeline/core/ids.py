"""Derive ids from content, so that a rebuild gives the same ids and two versions can be joined."""

from hashlib import blake2b


def short_id(source: str, *content: object) -> str:
    """Return `<source>/<16 hex digits>`: 64 bits of blake2b over the content, in order."""
    return _hash_key(source, "\x1f".join(map(str, content)))


def _hash_key(source: str, key: str) -> str:
    return f"{source}/{blake2b(key.encode('utf-8', 'surrogatepass'), digest_size=8).hexdigest()}"


class SegmentIds:
    """Ids for the segments of one document.

    An id is a hash of the text and of its occurrence in the document (0 for the first). So repeated sentences
    have different ids, and inserting or changing one segment leaves the ids of the others as they were.
    """

    def __init__(self, source: str, document: str) -> None:
        """Start at the document's first segment."""
        self._source = source
        self._document = document
        self._seen: dict[str, int] = {}

    def next(self, text: str) -> str:
        """Return the id of the document's next segment, which has this text."""
        occurrence = self._seen.get(text, 0)
        self._seen[text] = occurrence + 1
        return _hash_key(self._source, f"{self._document}\x1f{occurrence}\x1f{text}")
