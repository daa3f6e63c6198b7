"""Detect the language of a source's files, so that a new source is not taken for English."""

from collections import Counter
from collections.abc import Iterable, Iterator

from pipeline.checks.language import OTHER_LANGUAGES, detect_other_language
from pipeline.sources.parsed import ParsedSource

_MAX_CHARS = 200_000  # that are looked at
_PIECE_CHARS = 2_000  # that are judged together
_CODES = {language: code for code, language in OTHER_LANGUAGES.items()}
_CODES_OF_SCRIPTS = {
    "ARABIC letters": "ar",
    "CJK letters": "zh",
    "GREEK letters": "el",
    "HANGUL letters": "ko",
    "HEBREW letters": "he",
    "HIRAGANA letters": "ja",
    "KATAKANA letters": "ja",
    "THAI letters": "th",
}
_KANA = range(0x3041, 0x30FF)
_MIN_KANA_FRACTION = 0.05  # of Japanese: most of its letters may be Chinese ones


def detect_language(parsed: ParsedSource) -> str | None:
    """Return the ISO 639 code of the language of most texts, where it plainly is not English; else None.

    Scripts that several languages share, as Cyrillic, are not told apart.
    """
    chars: Counter[str | None] = Counter()
    for piece in _join_pieces(_iter_texts(parsed)):
        chars[_detect_code(piece)] += len(piece)
    code, count = max(chars.items(), key=lambda one: one[1], default=(None, 0))
    return code if 2 * count > chars.total() else None


def _iter_texts(parsed: ParsedSource) -> Iterator[str]:
    for book in parsed.books:
        yield from (book.text[start:end] for start, end, _ in book.chapters)
    for document in parsed.documents:
        yield from (segment.text for segment in document.segments)
    yield from (example.text for example in parsed.labelled_examples)


def _join_pieces(texts: Iterable[str]) -> Iterator[str]:
    """Yield the texts, joined or cut into pieces of about the same length."""
    piece, total = "", 0
    for text in texts:
        piece += f"{text[: _MAX_CHARS - total]}\n"
        total += len(text)
        while len(piece) >= _PIECE_CHARS:
            yield piece[:_PIECE_CHARS]
            piece = piece[_PIECE_CHARS:]
        if total >= _MAX_CHARS:
            break
    if piece.strip():
        yield piece


def _detect_code(text: str) -> str | None:
    language = detect_other_language(text)
    code = _CODES.get(language or "") or _CODES_OF_SCRIPTS.get(language or "")
    if code == "zh" and sum(ord(letter) in _KANA for letter in text) > _MIN_KANA_FRACTION * len(text):
        return "ja"
    return code
