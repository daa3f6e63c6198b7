from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pipeline import draws


@given(st.integers(), st.integers(-50, 50), st.integers(0, 100))
def test_integers_stay_within_their_bounds(seed: int, low: int, width: int) -> None:
    assert low <= draws.integer(low, low + width, seed, "a name") <= low + width


def test_integers_are_uniform() -> None:
    counts = Counter(draws.integer(1, 4, 0, number) for number in range(4000))
    assert set(counts) == {1, 2, 3, 4}
    assert min(counts.values()) > 900


def test_draws_are_the_same_everywhere() -> None:
    """Written down once: another value means that every dataset changes."""
    assert draws.integer(0, 10**6, 20, "source", "what", 3) == 203927
    assert draws.shuffled("abcdef", str, 20, "source") == list("eadcfb")


def test_names_are_kept_apart() -> None:
    """("ab", "c") and ("a", "bc") are different draws."""
    assert draws.integer(0, 10**15, 0, "ab", "c") != draws.integer(0, 10**15, 0, "a", "bc")


@given(st.sets(st.text(max_size=5)), st.text(max_size=5))
def test_another_item_leaves_the_order_of_the_others(items: set[str], other: str) -> None:
    without = draws.shuffled(sorted(items - {other}), str, 7, "what")
    with_it = draws.shuffled(sorted(items | {other}), str, 7, "what")
    assert [item for item in with_it if item != other] == without
