"""A comparison of two versions as text, for the terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.core.printable import escape_hidden
from pipeline.diff.causes import Causes
from pipeline.diff.comparison import SourceDiff
from pipeline.diff.counts import RowCounts
from pipeline.diff.row_samples import RowSample
from pipeline.diff.word_diff import DiffMark, DiffPart, truncate_parts

_MAX_PART_CHARS = 300  # characters shown of an added, removed or equal part
_MAX_ROW_CHARS = 1200  # characters shown of a row
_TRUNCATION_NOTE = "Long texts are truncated here (…): --html FILE writes a page with every difference."

DiffMarkers = Mapping[DiffMark, tuple[str, str]]  # strings before and after a part, by its mark

PLAIN_MARKERS: DiffMarkers = {"same": ("", ""), "old": ("[-", "-]"), "new": ("{+", "+}")}
ANSI_MARKERS: DiffMarkers = {"same": ("", ""), "old": ("\x1b[31m", "\x1b[0m"), "new": ("\x1b[32m", "\x1b[0m")}


def render_text(old: str, new: str, source_diffs: Sequence[SourceDiff], markers: DiffMarkers) -> str:
    """Render a comparison; `old` and `new` are the versions' names.

    Hidden characters of texts of the data are made visible, long texts are truncated.
    """
    lines = [f"{old} → {new}"]
    if not source_diffs:
        lines.append("no row differs")
    for one in source_diffs:
        lines += [
            "",
            *map(escape_hidden, _format_source(one)),
            *(line for sample in one.samples for line in _format_sample(sample, markers)),
        ]
    if any(_truncate_sample(sample) != sample.parts for one in source_diffs for sample in one.samples):
        lines += ["", _TRUNCATION_NOTE]
    return "\n".join(lines)


def _format_source(source_diff: SourceDiff) -> Iterator[str]:
    yield source_diff.source
    for kind, counts in source_diff.rows.items():
        yield f"  {kind:<10} {format_counts(counts)}"
    for cause in format_causes(source_diff.causes):
        yield f"  because    {cause}"
    for change in source_diff.statistics:
        yield f"  {change.split:<10} {change.name}: {format_number(change.old)} → {format_number(change.new)}"


def _format_sample(sample: RowSample, markers: DiffMarkers) -> Iterator[str]:
    yield escape_hidden(f"  {sample.kind.removesuffix('s')} {format_row_ids(sample)} {sample.change_type}")
    parts = _truncate_sample(sample)
    text = "".join(
        f"{markers[part.mark][0]}{escape_hidden(part.text)}{markers[part.mark][1]}" for part in parts
    )
    yield from (f"    | {line}" for line in text.split("\n"))


def _truncate_sample(sample: RowSample) -> list[DiffPart]:
    return truncate_parts(sample.parts, _MAX_PART_CHARS, _MAX_ROW_CHARS)


def format_counts(counts: RowCounts) -> str:
    """Format the number of rows of a kind before and after, and the numbers of rows by change type."""
    numbers = [
        f"{count:,} {change_type}"
        for change_type in ("added", "removed", "changed", "moved")
        if (count := getattr(counts, change_type))
    ]
    return f"{counts.old:,} → {counts.new:,}: {', '.join(numbers) or 'none differs'}"


def format_causes(causes: Causes) -> list[str]:
    """Format each cause as a line."""
    return [
        *([f"the source is {causes.source_status}"] if causes.source_status else []),
        *(
            f"{param.key}: {format_param_value(param.old)} → {format_param_value(param.new)}"
            for param in causes.params
        ),
        *(f"{path} changed" for path in causes.raw_files),
        *(f"newly rejected: {count:,} by {reason}" for reason, count in causes.newly_rejected.items()),
        *(f"no longer rejected: {count:,} by {reason}" for reason, count in causes.newly_accepted.items()),
        *(f"code changed: {path}" for path in causes.code_paths),
    ]


def format_row_ids(sample: RowSample) -> str:
    """Format the ids of a row: both where they differ, else the one that it has."""
    if sample.old_id and sample.new_id and sample.old_id != sample.new_id:
        return f"{sample.old_id} → {sample.new_id}"
    return sample.new_id or sample.old_id or ""


def format_param_value(param_value: Any) -> str:
    """Format a value of params.yaml; None stands for a missing key."""
    return "missing" if param_value is None else str(param_value)


def format_number(value: float | None) -> str:
    """Format a statistic's value; None stands for a missing one."""
    return "none" if value is None else f"{value:,}"
