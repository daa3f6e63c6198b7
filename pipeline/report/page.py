"""The report as one HTML page that loads nothing: figures drawn inline, every text of the data escaped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline.report.distributions import MEASURES, Bins, Distributions, Measure, bins, totals
from pipeline.report.examples import Examples
from pipeline.report.figures import Histogram, histogram, rows
from pipeline.report.funnel import Yield
from pipeline.text.visible import visible

if TYPE_CHECKING:
    from pipeline.parity.comparison import (
        Compared,  # which the evaluation, whose pages begin here, does not need
    )


@dataclass(frozen=True, slots=True)
class SourceReport:
    """All that the page says of one source."""

    name: str
    title: str
    licence: str
    yielded: Yield
    distributions: Distributions
    kept: Sequence[Examples]
    rejected: Sequence[Examples]
    findings: Mapping[str, int]  # personal data in what the checks kept, by kind

    @property
    def dropped(self) -> dict[str, int]:
        """How many questions, instances and segments were dropped on the way."""
        return {funnel.kind: funnel.start - funnel.end for funnel in self.yielded.funnels}


@dataclass(frozen=True, slots=True)
class Panels:
    """A measure and its histogram of each source, over shared bins."""

    measure: Measure
    bins: Bins
    of_sources: Mapping[str, Histogram]


def page(sources: Sequence[SourceReport], parity: "Sequence[Compared]", seed: int) -> str:
    """The page. The same sources and seed give the same text."""
    whole = totals(source.distributions for source in sources)
    return (
        environment("pipeline.report")
        .get_template("page.html.j2")
        .render(
            sources=sources,
            seed=seed,
            totals=whole,
            parity=parity,
            panels=[_panels(measure, sources) for measure in MEASURES],
            kinds=sorted({kind for source in sources for kind in source.findings}),
            rows=rows,
        )
    )


def _panels(measure: Measure, sources: Sequence[SourceReport]) -> Panels:
    values = {source.name: source.distributions.values[measure.key] for source in sources}
    shared = bins(measure, list(values.values()))
    return Panels(measure, shared, {name: histogram(counts, shared) for name, counts in values.items()})


def environment(*packages: str) -> Environment:
    """What renders the templates of packages; of two with one name that of the first package."""
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package, "templates") for package in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["number"] = _number
    return made


def _shown(value: object) -> object:
    """What the page shows of any value: hidden characters visible; the template's own markup as it is."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _number(value: float | None, digits: int = 1) -> str:
    """A number for people: thousands apart, so many decimals if it is no whole one, a dash for none."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.{digits}f}"
