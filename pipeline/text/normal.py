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
    return holds(normalised(text), answer)


def holds(text: str, answer: str) -> bool:
    """Like `stands_in`, in a text that is normalised already."""
    wanted = normalised(answer)
    place = text.find(wanted) if wanted else -1
    while place >= 0:
        end = place + len(wanted)
        if not _WORD.match(text[place - 1 : place]) and not _WORD.match(text[end : end + 1]):
            return True
        place = text.find(wanted, place + 1)
    return False


def same_words(text: str) -> str:
    """What texts have in common that differ in case, white space and punctuation only."""
    return " ".join(words(text)) or normalised(text)
