"""A comparison of two versions as a section of the dataset card."""

from collections.abc import Sequence

from pipeline.diff.comparison import SourceDiff
from pipeline.diff.text_report import format_causes, format_counts


def render_markdown(old: str, source_diffs: Sequence[SourceDiff]) -> list[str]:
    """Render the lines of the section: numbers of rows that differ from the version `old`, and why."""
    lines = [f"## Changes since {old}", ""]
    if not source_diffs:
        return [*lines, "No row differs.", ""]
    lines += ["| source | instances | chunks | questions |", "|---|---|---|---|"]
    for one in source_diffs:
        cells = [format_counts(one.rows[kind]) for kind in ("instances", "chunks", "questions")]
        lines.append(f"| {one.source} | {' | '.join(cells)} |")
    return [
        *lines,
        "",
        *(f"- **{one.source}**: {cause}" for one in source_diffs for cause in format_causes(one.causes)),
        "",
    ]
