"""Stop words of languages: spaCy's lists, read from their files.

To import spaCy for them takes a second, and its French alone several. An exported environment brings the
lists that it needs, since spaCy is not installed where it runs.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path

from pipeline.core.errors import MemcurateError

_folders: list[Path] = []  # of lists that take the place of spaCy's; the last one counts


@cache
def stop_words(code: str) -> frozenset[str]:
    """Return spaCy's stop words of the language with this two-letter code.

    Raises MemcurateError where neither spaCy nor a list in its place is there.
    """
    for folder in reversed(_folders):
        path = folder / f"{code}.txt"
        if path.exists():
            return frozenset(path.read_text(encoding="utf-8").split())
    spacy = find_spec("spacy")
    if spacy is None or spacy.origin is None:
        raise MemcurateError(
            f"The stop words of the language {code} are spaCy's, which is not installed. Run "
            "`pip install spacy`."
        )
    return frozenset(run_path(str(Path(spacy.origin).parent / "lang" / code / "stop_words.py"))["STOP_WORDS"])


def write_stop_words(code: str, folder: Path) -> None:
    """Write the stop words of a language into `folder`, for `use_stop_words`. Raises as `stop_words`."""
    (folder / f"{code}.txt").write_text("\n".join(sorted(stop_words(code))) + "\n", encoding="utf-8")


def use_stop_words(folder: Path) -> None:
    """Let the lists of a folder take the place of spaCy's, in the whole process."""
    if _folders[-1:] != [folder]:
        _folders.append(folder)
        stop_words.cache_clear()
