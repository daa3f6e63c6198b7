"""Two texts compared word by word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Mark = Literal["same", "old", "new"]

_WORD = re.compile(r"\s+|\w+|[^\w\s]")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_AROUND = 60  # characters of equal text that are kept on either side of what differs
_CUT = " … "
_ALIKE = 0.3  # of the longer text; texts that share less are told apart better as a whole


@dataclass(frozen=True, slots=True)
class Part:
    """A run of text that is in both, or in one of the two."""

    mark: Mark
    text: str


def compared(old: str, new: str) -> list[Part]:
    """The runs of two texts in order, what was taken out before what was put in: together both texts.

    Texts that have little in common are a run each.
    """
    parts: list[Part] = []
    # By lines first: by words alone, long texts take the square of their length.
    for mark, before, after in _runs(_LINE.findall(old), _LINE.findall(new)):
        if mark == "same":
            _join(parts, "same", before)
            continue
        for inner, gone, come in _runs(_WORD.findall(before), _WORD.findall(after)):
            if inner == "same":
                _join(parts, "same", gone)
            else:
                _join(parts, "old", gone)
                _join(parts, "new", come)
    same = sum(len(part.text) for part in parts if part.mark == "same")
    if same < _ALIKE * max(len(old), len(new)):
        parts = []
        _join(parts, "old", old)
        _join(parts, "new", new)
    return parts


def shortened(parts: list[Part]) -> list[Part]:
    """The same with long runs of equal text cut to their ends."""
    made = []
    for place, part in enumerate(parts):
        text = part.text
        if part.mark == "same" and len(text) > 2 * _AROUND + len(_CUT):
            head = text[:_AROUND] if place else ""
            tail = text[-_AROUND:] if place + 1 < len(parts) else ""
            text = head + _CUT + tail
        made.append(Part(part.mark, text))
    return made


def cut(parts: list[Part], run: int, whole: int) -> list[Part]:
    """The first parts with about `whole` characters in all, each cut to its ends where it has over `run`."""
    made: list[Part] = []
    left = whole
    for part in parts:
        if left <= 0:
            return [*made, Part("same", _CUT)]
        text, most = part.text, max(min(run, left), len(_CUT))
        if len(text) > most + len(_CUT):
            text = text[: most // 2] + _CUT + text[-(most // 2) :]
        left -= len(text)
        made.append(Part(part.mark, text))
    return made


def _runs(old: list[str], new: list[str]) -> Iterator[tuple[Literal["same", "other"], str, str]]:
    for operation, low, high, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield "same" if operation == "equal" else "other", "".join(old[low:high]), "".join(new[start:end])


def _join(parts: list[Part], mark: Mark, text: str) -> None:
    if not text:
        return
    if parts and parts[-1].mark == mark:
        text = parts.pop().text + text
    parts.append(Part(mark, text))
