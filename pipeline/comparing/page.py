"""A comparison as one HTML page that loads nothing."""

from collections.abc import Sequence

from pipeline.comparing.comparison import SourceDiff
from pipeline.comparing.told import counted, name, number, reasons
from pipeline.report.page import environment


def page(old: str, new: str, sources: Sequence[SourceDiff]) -> str:
    """The page of the versions of these names; every text of the data is escaped."""
    made = environment("pipeline.comparing", "pipeline.report")
    made.globals.update(counted=counted, row_name=name, figure=number, reasons=reasons)
    return made.get_template("comparison.html.j2").render(old=old, new=new, sources=sources)
