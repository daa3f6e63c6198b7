"""The report as one HTML page that loads nothing: charts are inline SVG, texts of the data are escaped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.core.html import create_environment
from pipeline.parity.comparison import SourceComparison
from pipeline.report.charts import Histogram, build_histogram, funnel_rows
from pipeline.report.distributions import (
    MEASURES,
    Bins,
    Measure,
    SourceDistributions,
    count_totals,
    make_shared_bins,
)
from pipeline.report.examples import ExampleGroup
from pipeline.report.funnel import SourceYield


@dataclass(frozen=True, slots=True)
class SourceReport:
    """The page's data of one source."""

    name: str
    title: str
    license: str
    source_yield: SourceYield
    distributions: SourceDistributions
    kept_examples: Sequence[ExampleGroup]
    rejected_examples: Sequence[ExampleGroup]
    pii_counts: Mapping[str, int]  # findings of personal data in the kept instances, by kind

    @property
    def num_dropped(self) -> dict[str, int]:
        """The numbers of dropped questions, instances and segments, by kind."""
        return {funnel.kind: funnel.start - funnel.end for funnel in self.source_yield.funnels}


@dataclass(frozen=True, slots=True)
class HistogramPanel:
    """The histograms of a measure, one for each source, over shared bins."""

    measure: Measure
    bins: Bins
    by_source: Mapping[str, Histogram]


def render_page(sources: Sequence[SourceReport], parity: Sequence[SourceComparison], seed: int) -> str:
    """Render the page. The same sources and seed give the same text."""
    template = create_environment("pipeline.report").get_template("page.html.j2")
    return template.render(
        sources=sources,
        seed=seed,
        totals=count_totals(source.distributions for source in sources),
        parity=parity,
        panels=[_build_panel(measure, sources) for measure in MEASURES],
        kinds=sorted({kind for source in sources for kind in source.pii_counts}),
        rows=funnel_rows,
    )


def _build_panel(measure: Measure, sources: Sequence[SourceReport]) -> HistogramPanel:
    values = {source.name: source.distributions.values[measure.key] for source in sources}
    bins = make_shared_bins(measure, list(values.values()))
    histograms = {name: build_histogram(counts, bins) for name, counts in values.items()}
    return HistogramPanel(measure, bins, histograms)
