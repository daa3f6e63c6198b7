"""Distributions: bins that sources share, and the histograms over them."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.charts import HEIGHT, build_histogram
from pipeline.report.distributions import MAX_BINS, Measure, make_shared_bins


@given(st.lists(st.lists(st.integers(0, 3000)), min_size=1, max_size=3))
def test_every_value_is_in_one_bin_and_one_bar(values: list[list[int]]) -> None:
    counted = [Counter(some) for some in values]
    shared = make_shared_bins(Measure("made", "Made", ""), counted)
    assert 1 <= shared.count <= MAX_BINS
    assert str(shared.width).strip("0") in {"1", "2", "5"}
    for some, counts in zip(values, counted, strict=True):
        expected = [
            sum(shared.lower_edge(n) <= v < shared.lower_edge(n + 1) for v in some)
            for n in range(shared.count)
        ]
        assert shared.count_values(counts) == expected
        histogram = build_histogram(counts, shared)
        assert len(histogram.bars) == sum(map(bool, expected))
        assert all(bar.y >= 0 and bar.y + bar.height == HEIGHT and bar.height > 0 for bar in histogram.bars)


def test_values_beyond_the_maximum_share_the_last_bin() -> None:
    shared = make_shared_bins(Measure("made", "Made", "", 1, 20), [Counter([1, 20, 21, 400])])
    assert (shared.count, shared.label(0), shared.label(19)) == (20, "1", "20 or more")
    assert shared.count_values(Counter([1, 20, 21, 400])) == [1, *[0] * 18, 3]
    assert make_shared_bins(Measure("made", "Made", "", 1, 20), [Counter([20])]).label(19) == "20"
