"""Statistics that are merged are those of all rows together."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.schema import Reject, Segment, Span
from pipeline.core.statistics import InstanceStats, RejectStats, distribution
from tests.pipeline.questions.factories import make_instance, make_question

INSTANCES = [
    replace(
        make_instance(f"made/{number}", *({f"s{number}{chunk}": "text"} for chunk in range(number % 4 + 1))),
        split=split,
        questions=[make_question(f"q{each}") for each in range(number % 3)],
    )
    for number, split in enumerate(["train", "test", "evaluation"] * 4)
]


def make_reject(number: int) -> Reject:
    segment = Segment("s", Span("f", "", 0, 1), "d", None, None, None, None, "t")
    return Reject(
        id=str(number),
        source="made",
        stage="chunk",
        kind="segment" if number % 2 else "instance",
        reason=f"reason {number % 3}",
        detail=f"detail {number}",
        split=(None, "train", "test")[number % 3],
        segments=[segment] * (number % 4 if number % 2 else 0),
    )


@given(st.lists(st.integers(0, 50)))
def test_distribution_is_by_nearest_rank(values: list[int]) -> None:
    ordered = sorted(values)
    expected = {f"p{p}": ordered[max(0, -(-p * len(ordered) // 100) - 1)] for p in (5, 50, 95) if ordered}
    found = distribution(values)
    assert {name: found[name] for name in expected} == expected
    if values:
        assert found["max"] == max(values) and found["mean"] == round(sum(values) / len(values), 2)
    else:
        assert found == {}


@given(st.integers(0, len(INSTANCES)))
def test_merged_instances_are_all_instances(cut: int) -> None:
    whole, first, second = InstanceStats(), InstanceStats(), InstanceStats()
    for number, instance in enumerate(INSTANCES):
        whole.add(instance)
        (first if number < cut else second).add(instance)
    first.merge(second)
    assert first.by_split() == whole.by_split()
    assert first.totals() == whole.totals()
    assert whole.totals()["train"] == 4 and whole.totals()["test"] == 8


@given(st.integers(0, 12))
def test_merged_rejects_are_all_rejects(cut: int) -> None:
    rejects = [make_reject(number) for number in range(12)]
    whole, first = RejectStats(rejects), RejectStats(rejects[:cut])
    first.merge(RejectStats(rejects[cut:]))
    assert first.by_split() == whole.by_split()
    assert first.total() == whole.total() == 6 + 3 * (1 + 3)
    assert first.num_rows("segment") == 6
    for stats in ({}, {"train": {}}, {"test": {}}):
        assert list(first.explain_empty_splits(stats)) == list(whole.explain_empty_splits(stats))


def test_an_empty_split_has_the_first_reject_as_reason() -> None:
    rejects = RejectStats([make_reject(5), make_reject(4), make_reject(10)])
    assert list(rejects.explain_empty_splits({"test": {}})) == [
        "no train instance is left; of 2 rejects the first: reason 1, detail 4"
    ]
    assert list(rejects.explain_empty_splits({"train": {}})) == [
        "no test instance is left; of 1 rejects the first: reason 2, detail 5"
    ]
    assert list(rejects.explain_empty_splits({"train": {}}, is_evaluation_set=True)) == []
    assert list(RejectStats().explain_empty_splits({"train": {}})) == [
        "no test instance is left; none was made"
    ]
