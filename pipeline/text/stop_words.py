"""Stop words of languages: spaCy's lists, read from their files.

To import spaCy for them takes a second, and its French alone several.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path


@cache
def stop_words(code: str) -> frozenset[str]:
    """Return spaCy's stop words of the language with this two-letter code."""
    spacy = find_spec("spacy")
    assert spacy is not None and spacy.origin is not None
    return frozenset(run_path(str(Path(spacy.origin).parent / "lang" / code / "stop_words.py"))["STOP_WORDS"])
