"""A comparison of two versions as one HTML page that loads nothing."""

from collections.abc import Sequence

from pipeline.core.html import create_environment
from pipeline.diff.comparison import SourceDiff
from pipeline.diff.text_report import format_causes, format_number, format_row_ids


def render_page(old: str, new: str, source_diffs: Sequence[SourceDiff]) -> str:
    """Render the page; `old` and `new` are the versions' names. Every text of the data is escaped."""
    environment = create_environment("pipeline.diff")
    environment.globals.update(
        format_row_ids=format_row_ids, format_number=format_number, format_causes=format_causes
    )
    template = environment.get_template("comparison.html.j2")
    return template.render(old=old, new=new, source_diffs=source_diffs)
