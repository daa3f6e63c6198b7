import pytest

from pipeline.errors import MemcurateError
from pipeline.parallel import map_shards, workers


def double(number: int) -> int:
    return 2 * number


def refuse(number: int) -> int:
    raise MemcurateError(f"shard {number} is bad")


@pytest.mark.parametrize("count", ["1", "2", "3"])
def test_results_come_in_order(monkeypatch: pytest.MonkeyPatch, count: str) -> None:
    monkeypatch.setenv("MEMCURATE_WORKERS", count)
    assert list(map_shards(double, range(7), "numbers")) == [0, 2, 4, 6, 8, 10, 12]
    assert list(map_shards(double, [], "numbers")) == []


def test_an_error_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_WORKERS", "2")
    with pytest.raises(MemcurateError, match="shard 0 is bad"):
        list(map_shards(refuse, [0, 1], "numbers"))


@pytest.mark.parametrize("given", ["0", "-1", "two", ""])
def test_a_wrong_number_of_workers_is_named(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("MEMCURATE_WORKERS", given)
    with pytest.raises(MemcurateError, match="MEMCURATE_WORKERS"):
        workers()
