"""The languages beyond English whose sentences rules can ask about, a module each."""

from pipeline.text.languages.de import GERMAN
from pipeline.text.languages.es import SPANISH
from pipeline.text.languages.fr import FRENCH
from pipeline.text.languages.language import Language
from pipeline.text.languages.zh import CHINESE

_LANGUAGES: dict[str, Language] = {one.code: one for one in (GERMAN, SPANISH, FRENCH, CHINESE)}


def find_language(code: str) -> Language | None:
    """Return what is known about the language with this code (ISO 639); None for English and for others."""
    return _LANGUAGES.get(code)


def list_language_codes() -> list[str]:
    """Return the codes of the languages that `find_language` knows, sorted."""
    return sorted(_LANGUAGES)
