"""Examples: seeded samples of each group."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.examples import GroupSampler


@given(st.lists(st.text(max_size=4), unique=True))
def test_the_sample_does_not_depend_on_the_order(names: list[str]) -> None:
    samples = []
    for order in (names, sorted(names), sorted(names, reverse=True)):
        sampler: GroupSampler[str] = GroupSampler(20, 2)
        for name in order:
            sampler.offer(("source", "cloze"), name, name)
        samples.append(sampler.by_group())
    assert samples[0] == samples[1] == samples[2]
    assert all(count == len(names) and len(items) == min(2, count) for _, count, items in samples[0])
