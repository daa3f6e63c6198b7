"""Charts: the bars of funnels."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.charts import WIDTH, funnel_rows
from pipeline.report.funnel import build_funnel

Drops = st.lists(
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 400)), min_size=3, max_size=3
)


@given(st.integers(0, 500), Drops)
def test_the_bars_of_a_funnel_descend_like_steps(final: int, drops: list[dict[str, int]]) -> None:
    counts = [final]
    for dropped in reversed(drops):
        counts.insert(0, counts[0] + sum(dropped.values()))
    rows = funnel_rows(build_funnel("made", "questions", counts, drops))
    assert (rows[0].count, rows[-1].count) == (counts[0], final)
    assert sum(row.count for row in rows if row.stage) == counts[0] - final
    assert all(row.x >= 0 and row.x + row.width <= WIDTH for row in rows)
    assert all((row.width > 0) == (row.count > 0) for row in rows)
    left = counts[0]
    for row in rows:
        left -= row.count if row.stage else 0
        assert row.stage or row.count == left
