"""Check by rules whether a call's content suits its memory type; r4 counts the calls that do.

The paper has a language model judge this; here the rules decide unless params name a judge. They find the
contents that training would exploit: placeholders, events without a time, and whole chunks stored as they
are. A delete is never valid (paper's code).
"""

import re
from functools import lru_cache

from pipeline.text.normalize import words
from training.memory.tools import ToolCall

_MAX_COPIED_FRACTION = 0.5  # an entry with this fraction of a chunk's distinct words copies it …
_MIN_CHUNK_WORDS = 150  # … unless the chunk has fewer words than this: then one entry may hold all of it
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


def invalidity_reason(call: ToolCall, chunk: str) -> str | None:
    """Return why the content of an applied call is not valid for its memory type; None where it is valid."""
    if call.tool == "memory_delete":
        return "a delete stores nothing"
    content = str(call.arguments.get("content", call.arguments.get("new_content", "")))
    content_words = words(content)
    if len(content_words) < 2 or " ".join(content_words) in _PLACEHOLDERS:
        return "a placeholder"
    if call.arguments["memory_type"] == "episodic" and not _TIME.search(content):
        return "an event without a time"
    if _is_copy(content_words, chunk):
        return "it copies the chunk"
    return None


def _is_copy(content_words: list[str], chunk: str) -> bool:
    """Return whether the words hold half of the chunk's distinct words, in any order."""
    num_words, distinct = _chunk_words(chunk)
    if num_words < _MIN_CHUNK_WORDS or len(content_words) < _MAX_COPIED_FRACTION * len(distinct):
        return False
    return len(distinct.intersection(content_words)) >= _MAX_COPIED_FRACTION * len(distinct)


@lru_cache(maxsize=64)
def _chunk_words(chunk: str) -> tuple[int, frozenset[str]]:
    """Return the number of a chunk's words, and its distinct words."""
    chunk_words = words(chunk)
    return len(chunk_words), frozenset(chunk_words)
