"""Draw of the documents of test: both splits are filled where there are two documents or more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.chunking.train_test_split import draw_test_documents
from pipeline.core import seeded_random
from pipeline.core.params import SplitParams

SPLIT = SplitParams(test_fraction=0.1, max_document_fraction=0.2)
WEIGHTS = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(0, 50), max_size=12)


@pytest.mark.parametrize("source", ["notes", "chat", "log"])
@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ({}, set()),
        ({"a": 9}, set()),  # one document of many instances stays in train
        ({"a": 9, "b": 0}, set()),  # an empty document fills no split
        ({"a": 9, "b": 8}, {"b"}),
        ({"a": 9, "b": 1}, {"b"}),
        ({"a": 9, "b": 9, "c": 8}, {"c"}),
    ],
)
def test_the_smallest_document_is_in_test_where_no_other_can_be(
    weights: dict[str, int], expected: set[str], source: str
) -> None:
    assert draw_test_documents(weights, SPLIT, 1, source) == expected


def test_of_equal_documents_the_seed_draws_one() -> None:
    drawn = [draw_test_documents(dict.fromkeys("abc", 5), SPLIT, seed, "notes") for seed in range(30)]
    assert {len(one) for one in drawn} == {1}
    assert set().union(*drawn) == set("abc")


def test_test_holds_a_minimum_but_never_more_than_about_half() -> None:
    """A tenth of a small source is too little for an instance; a large one has a tenth that is enough."""
    days = {f"{number}": 10 for number in range(40)}
    for seed in range(20):
        sizes = {
            minimum: sum(
                days[day] for day in draw_test_documents(days, SPLIT, seed, "chat", min_weight=minimum)
            )
            for minimum in (0, 20, 100, 5000)
        }
        assert sizes == {0: 40, 20: 40, 100: 100, 5000: 200}


@pytest.mark.parametrize(
    ("weights", "sizes"),
    [
        ({"a": 9}, [0]),
        ({"a": 9, "b": 1}, [1]),
        ({"a": 9, "b": 8}, [8]),
        (dict.fromkeys("abcd", 5), [5, 5]),  # each over max_document_fraction
        ({"a": 4, "b": 5, "c": 6, "d": 30}, [4, 5, 6]),  # what the longest leaves
    ],
)
def test_few_documents_fill_half_with_the_lightest(weights: dict[str, int], sizes: list[int]) -> None:
    drawn = draw_test_documents(weights, SPLIT, 1, "notes", min_weight=1000)
    assert sorted(map(weights.__getitem__, drawn)) == (sizes if sizes != [0] else [])


@given(WEIGHTS, st.integers(0, 5), st.integers(0, 400))
def test_a_minimum_leaves_neither_split_empty(weights: dict[str, int], seed: int, minimum: int) -> None:
    drawn = draw_test_documents(weights, SPLIT, seed, "notes", min_weight=minimum)
    if sum(map(bool, weights.values())) > 1:
        assert any(weights[name] for name in drawn)
        assert any(weights[name] for name in weights.keys() - drawn)


@given(WEIGHTS, st.integers(0, 5))
def test_both_splits_are_filled_and_other_draws_stay(weights: dict[str, int], seed: int) -> None:
    """Bar: nothing changes where documents of at most a fifth are drawn."""
    drawn = draw_test_documents(weights, SPLIT, seed, "notes")
    small = [name for name, weight in weights.items() if 0 < 5 * weight <= sum(weights.values())]
    if sum(map(bool, weights.values())) > 1:
        assert any(weights[name] for name in drawn)
        assert any(weights[name] for name in weights.keys() - drawn)
    else:
        assert not drawn
    target, order = (
        sum(weights.values()) / 10,
        seeded_random.shuffled(sorted(weights), str, seed, "notes", "test"),
    )
    expected, total = set(), 0
    for name in order:
        if name in small and abs(total + weights[name] - target) < abs(total - target):
            expected.add(name)
            total += weights[name]
    assert not expected or drawn == expected
