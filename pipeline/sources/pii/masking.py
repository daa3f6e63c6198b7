"""Mask a source: each value of personal data is replaced by its pseudonym, in all that the source gives."""

import hmac
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache, partial

from pipeline.core.environment import PII_SECRET_VARIABLE
from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Reject
from pipeline.sources.parsed import Book, Document, ParsedSource
from pipeline.sources.pii.pseudonyms import Pseudonyms
from pipeline.sources.pii.redaction import KEPT_NAMES, Redaction


class Masking:
    """The treatment of a source with `pii: mask`."""

    def __init__(self, source: str, language: str, key: str) -> None:
        """`key`: of the source's pseudonyms. Raises MemcurateError where it is empty."""
        if not key:
            raise MemcurateError(
                f"sources.{source}.pii: mask needs a secret, which pseudonyms are made with: set "
                f"{PII_SECRET_VARIABLE}, for example to the output of `openssl rand -hex 32`, and keep it. "
                "The same secret gives the same pseudonyms"
            )
        self._source = source
        self._key = key.encode()
        self.counts: Counter[str] = Counter()
        pseudonyms = Pseudonyms(key, language)
        self.redaction = Redaction(
            replace_text=partial(pseudonyms.mask, counts=self.counts),
            replace_name=lru_cache(KEPT_NAMES)(pseudonyms.mask),
            replace_id=self._replace_id,
        )

    def treat(self, document: Book | Document, rejects: list[Reject]) -> Book | Document:
        """Return a document with pseudonyms."""
        if isinstance(document, Book):
            return self.redaction.redact_book(document)
        return self.redaction.redact_document(document)

    def treat_rejects(self, rejects: Iterable[Reject]) -> list[Reject]:
        """Return rejects with pseudonyms."""
        return list(map(self.redaction.redact_reject, rejects))

    def treat_parsed(self, parsed: ParsedSource) -> ParsedSource:
        """Return a parsed source with pseudonyms."""
        redaction = self.redaction
        return ParsedSource(
            books=list(map(redaction.redact_book, parsed.books)),
            documents=list(map(redaction.redact_document, parsed.documents)),
            labelled_examples=list(map(redaction.redact_segment, parsed.labelled_examples)),
            questions=list(map(redaction.redact_question, parsed.questions)),
            rejects=self.treat_rejects(parsed.rejects),
        )

    def _replace_id(self, identity: str) -> str:
        digest = hmac.digest(self._key, f"id\x1f{identity}".encode("utf-8", "surrogatepass"), "sha256")
        return f"{self._source}/{digest[:8].hex()}"
