"""A comparison in words, for the terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.comparing.causes import Causes
from pipeline.comparing.comparison import SourceDiff
from pipeline.comparing.counting import Counts
from pipeline.comparing.sampling import Sample
from pipeline.comparing.words import Mark, Part, cut
from pipeline.text.visible import visible

_RUN = 300  # characters shown of a run of text that came or went
_TEXT = 1200  # and of a row
_CUT = "Long texts are cut here (…): --html FILE has all that differs."

Marks = Mapping[Mark, tuple[str, str]]  # what stands around text that is in both versions, or in one of them

PLAIN: Marks = {"same": ("", ""), "old": ("[-", "-]"), "new": ("{+", "+}")}
COLOURED: Marks = {"same": ("", ""), "old": ("\x1b[31m", "\x1b[0m"), "new": ("\x1b[32m", "\x1b[0m")}


def told(old: str, new: str, sources: Sequence[SourceDiff], marks: Marks) -> str:
    """The comparison of the versions of these names; hidden characters of its texts are visible, long ones
    cut.
    """
    lines = [f"{old} → {new}"]
    if not sources:
        lines.append("no row differs")
    for one in sources:
        lines += [
            "",
            *map(visible, _source(one)),
            *(line for sample in one.samples for line in _sample(sample, marks)),
        ]
    if any(_shown(sample) != sample.parts for one in sources for sample in one.samples):
        lines += ["", _CUT]
    return "\n".join(lines)


def _source(one: SourceDiff) -> Iterator[str]:
    yield one.source
    for kind, counts in one.rows.items():
        yield f"  {kind:<10} {counted(counts)}"
    for cause in reasons(one.causes):
        yield f"  because    {cause}"
    for figure in one.figures:
        yield f"  {figure.split:<10} {figure.name}: {number(figure.old)} → {number(figure.new)}"


def _sample(sample: Sample, marks: Marks) -> Iterator[str]:
    yield visible(f"  {sample.kind.removesuffix('s')} {name(sample)} {sample.what}")
    parts = _shown(sample)
    text = "".join(f"{marks[part.mark][0]}{visible(part.text)}{marks[part.mark][1]}" for part in parts)
    yield from (f"    | {line}" for line in text.split("\n"))


def _shown(sample: Sample) -> list[Part]:
    return cut(sample.parts, _RUN, _TEXT)


def counted(counts: Counts) -> str:
    """What became of the rows of a kind."""
    became = [
        f"{value:,} {what}"
        for what in ("added", "removed", "changed", "moved")
        if (value := getattr(counts, what))
    ]
    return f"{counts.old:,} → {counts.new:,}: {', '.join(became) or 'none differs'}"


def reasons(causes: Causes) -> list[str]:
    """Each cause as a line."""
    return [
        *([f"the source is {causes.use}"] if causes.use else []),
        *(f"{param.key}: {value(param.old)} → {value(param.new)}" for param in causes.params),
        *(f"{path} changed" for path in causes.raw),
        *(f"rejected now: {count:,} by {reason}" for reason, count in causes.rejected.items()),
        *(f"rejected before: {count:,} by {reason}" for reason, count in causes.admitted.items()),
        *(f"code changed: {path}" for path in causes.code),
    ]


def name(sample: Sample) -> str:
    """The ids of a row."""
    if sample.old_id and sample.new_id and sample.old_id != sample.new_id:
        return f"{sample.old_id} → {sample.new_id}"
    return sample.new_id or sample.old_id or ""


def value(of: Any) -> str:
    """A param's value."""
    return "not there" if of is None else str(of)


def number(of: float | None) -> str:
    """A figure."""
    return "none" if of is None else f"{of:,}"
