"""A word diff of two texts, by `difflib.SequenceMatcher` on lines and then on words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

DiffMark = Literal["same", "old", "new"]

_WORD = re.compile(r"\s+|\w+|[^\w\s]")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_CONTEXT_CHARS = 60  # characters of equal text kept before and after a difference
_ELLIPSIS = " … "
_MIN_SIMILARITY = 0.3  # equal fraction of the longer text, below which texts are shown one after the other


@dataclass(frozen=True, slots=True)
class DiffPart:
    """A part of a text that is in both texts, or in only one of them."""

    mark: DiffMark
    text: str


def diff_words(old: str, new: str) -> list[DiffPart]:
    """Compare two texts; return their parts in order, removed parts before added ones.

    The "same" and "old" parts joined are the old text, the "same" and "new" parts joined the new one. Texts
    that have less than `_MIN_SIMILARITY` in common become one part each.
    """
    parts: list[DiffPart] = []
    # Lines first: on words alone, the time is quadratic in the length of the texts.
    for mark, before, after in _diff_tokens(_LINE.findall(old), _LINE.findall(new)):
        if mark == "same":
            _append_part(parts, "same", before)
            continue
        for word_mark, removed, added in _diff_tokens(_WORD.findall(before), _WORD.findall(after)):
            if word_mark == "same":
                _append_part(parts, "same", removed)
            else:
                _append_part(parts, "old", removed)
                _append_part(parts, "new", added)
    same = sum(len(part.text) for part in parts if part.mark == "same")
    if same < _MIN_SIMILARITY * max(len(old), len(new)):
        parts = []
        _append_part(parts, "old", old)
        _append_part(parts, "new", new)
    return parts


def elide_equal_parts(parts: list[DiffPart]) -> list[DiffPart]:
    """Shorten long equal parts to `_CONTEXT_CHARS` characters next to each difference."""
    elided = []
    for index, part in enumerate(parts):
        text = part.text
        if part.mark == "same" and len(text) > 2 * _CONTEXT_CHARS + len(_ELLIPSIS):
            head = text[:_CONTEXT_CHARS] if index else ""
            tail = text[-_CONTEXT_CHARS:] if index + 1 < len(parts) else ""
            text = head + _ELLIPSIS + tail
        elided.append(DiffPart(part.mark, text))
    return elided


def truncate_parts(parts: list[DiffPart], max_part_chars: int, max_total_chars: int) -> list[DiffPart]:
    """Return the first parts with about `max_total_chars` characters in all.

    A part of over `max_part_chars` characters is cut to its beginning and its end.
    """
    truncated: list[DiffPart] = []
    left = max_total_chars
    for part in parts:
        if left <= 0:
            return [*truncated, DiffPart("same", _ELLIPSIS)]
        text, limit = part.text, max(min(max_part_chars, left), len(_ELLIPSIS))
        if len(text) > limit + len(_ELLIPSIS):
            text = text[: limit // 2] + _ELLIPSIS + text[-(limit // 2) :]
        left -= len(text)
        truncated.append(DiffPart(part.mark, text))
    return truncated


def _diff_tokens(old: list[str], new: list[str]) -> Iterator[tuple[Literal["same", "other"], str, str]]:
    """Yield (whether equal, old text, new text) of each run of tokens."""
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for operation, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        mark: Literal["same", "other"] = "same" if operation == "equal" else "other"
        yield mark, "".join(old[old_start:old_end]), "".join(new[new_start:new_end])


def _append_part(parts: list[DiffPart], mark: DiffMark, text: str) -> None:
    """Append a part that is not empty, merged with the last one where their marks are equal."""
    if not text:
        return
    if parts and parts[-1].mark == mark:
        text = parts.pop().text + text
    parts.append(DiffPart(mark, text))
