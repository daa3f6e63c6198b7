"""When two texts count as the same."""

import re

_WORD = re.compile(r"\w+")


def normalised(text: str) -> str:
    """Case folded, runs of white space as one space."""
    return " ".join(text.casefold().split())


def words(text: str) -> list[str]:
    """The words of a text, case folded, without punctuation."""
    return _WORD.findall(text.casefold())


def stands_in(answer: str, text: str) -> bool:
    """Whether the answer stands in the text, as whole words, whatever the case and white space."""
    wanted = normalised(answer)
    return bool(wanted) and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", normalised(text)) is not None


def same_words(text: str) -> str:
    """What texts have in common that differ in case, white space and punctuation only."""
    return " ".join(words(text)) or normalised(text)
