"""When two texts count as the same."""

import re

_WORD = re.compile(r"\w+")


def normalised(text: str) -> str:
    """Case folded, runs of white space as one space."""
    return " ".join(text.casefold().split())


def words(text: str) -> list[str]:
    """The words of a text, case folded, without punctuation."""
    return _WORD.findall(text.casefold())
