"""Whether a call's content suits its memory type, by rules: what r4 counts where no judge is asked.

A deviation from the paper, whose judge is a language model. The rules find what training would exploit:
placeholders, events without a time, and whole chunks stored as they are. A delete is never valid (paper's
code).
"""

import re
from functools import lru_cache

from pipeline.text.normal import words
from training.tools import Call

_COPIED = 0.5  # an entry with so many of a chunk's words copies it …
_SHORT = 150  # … unless the chunk has fewer words than this: then one entry may hold all of it
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_TIME = re.compile(
    r"\b(?:\d{4}-\d{2}-\d{2}|\d{1,2}:\d{2}|(?:1[0-9]|20)\d{2}|\d{1,2}(?:[:.]\d{2})?\s?[ap]\.?m|"
    rf"{_MONTH}\.?\s+{_DAY}|{_DAY}\s+(?:of\s+)?{_MONTH}|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|yesterday|today|tonight|last (?:week|month|year))\b",
    re.IGNORECASE,
)
_PLACEHOLDERS = {
    *("content", "new content", "core memory", "memory content", "empty", "none", "null", "string", "text"),
    *("n a", "todo", "what to remember", "what to remember in a sentence or two", "the content", "update"),
}


def problem(call: Call, chunk: str) -> str | None:
    """Why the content of a call that was applied is not valid, or None where it is."""
    if call.tool == "memory_delete":
        return "a delete stores nothing"
    content = str(call.arguments.get("content", call.arguments.get("new_content", "")))
    said = words(content)
    if len(said) < 2 or " ".join(said) in _PLACEHOLDERS:
        return "a placeholder"
    if call.arguments["memory_type"] == "episodic" and not _TIME.search(content):
        return "an event without a time"
    if _copies(said, chunk):
        return "it copies the chunk"
    return None


def _copies(said: list[str], chunk: str) -> bool:
    """Whether the words hold half of the chunk's, whatever their order."""
    whole, distinct = _words(chunk)
    if whole < _SHORT or len(said) < _COPIED * len(distinct):
        return False
    return len(distinct.intersection(said)) >= _COPIED * len(distinct)


@lru_cache(maxsize=64)
def _words(chunk: str) -> tuple[int, frozenset[str]]:
    said = words(chunk)
    return len(said), frozenset(said)
