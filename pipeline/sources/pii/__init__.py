"""Personal data in sources with `pii: mask` or `pii: reject`, which is treated as their documents are read.

All that a source gives goes through `PiiDoor.treat` or `treat_parsed` before it is chunked, so that nothing
that is made of it, text, questions, names or rejects, has what was found by `pipeline/text/pii.py`.
Replacements are as long as what they replace: spans stay those of the raw files, and offsets those of the
text.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Protocol

from pipeline.core.params import PiiMode
from pipeline.core.schema import Reject
from pipeline.sources.parsed import Book, Document, ParsedSource
from pipeline.sources.pii.masking import Masking
from pipeline.sources.pii.redaction import Redaction
from pipeline.sources.pii.rejection import PiiRejection

__all__ = ["PiiDoor", "Redaction", "make_pii_door"]


class PiiDoor(Protocol):
    """A treatment of the documents of a source, in order, and of what was rejected before."""

    counts: Counter[str]  # values that were replaced, by kind
    redaction: Redaction  # of names of files and pointers, too

    def treat(self, document: Book | Document, rejects: list[Reject]) -> Book | Document | None:
        """Return a document without personal data, or None; what is rejected is appended to `rejects`."""

    def treat_rejects(self, rejects: Iterable[Reject]) -> list[Reject]:
        """Return rejects of the format without personal data."""

    def treat_parsed(self, parsed: ParsedSource) -> ParsedSource:
        """Return a parsed source without personal data."""


def make_pii_door(mode: PiiMode, source: str, language: str, key: str) -> PiiDoor | None:
    """Return the treatment of a source; None where personal data is only reported.

    `key`: that of the source's pseudonyms (`pii_key`). Raises MemcurateError where masking has none.
    """
    if mode == "mask":
        return Masking(source, language, key)
    return PiiRejection(source, language) if mode == "reject" else None
