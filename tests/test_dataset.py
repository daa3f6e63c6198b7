"""Nothing stands on both sides, and each source gives so many instances, from as many documents as can be."""

import random
from collections import Counter
from collections.abc import Iterable

import pytest

from pipeline.dataset import Row, choose, row_of, verify_sides
from pipeline.errors import MemcurateError
from pipeline.schema import Chunk, Instance, PlacedSegment, Reject, Span, Split

TWENTY = " ".join(f"word{number}" for number in range(20))


def instance(name: str, split: Split, *segments: tuple[str, str], source: str = "made") -> Instance:
    """An instance of one chunk with these (id, text) segments."""
    text, placed = "", []
    for key, words in segments:
        start = len(text)
        text += words
        placed.append(PlacedSegment(key, Span("f", "", 0, 0), name, None, None, None, None, start, len(text)))
        text += "\n"
    chunk = Chunk(f"{name}/chunk", 0, text, 1, "2020-01-01 00:00", placed)
    return Instance(name, source, split, name, 0, 1, [chunk], [], [])


def rows_of(documents: dict[str, int], source: str = "made") -> list[Row]:
    """So many train instances of each document."""
    return [
        Row(f"{source}/{document}/{number}", source, "train", document, number, frozenset())
        for document, count in documents.items()
        for number in range(count)
    ]


def chosen(rows: Iterable[Row], limit: int = 100, seed: int = 1) -> tuple[set[str], list[Reject]]:
    """Ids of both sides together, and rejects."""
    sides, rejects = choose(rows, limit, seed)
    assert not sides["train"] & sides["test"]
    return sides["train"] | sides["test"], rejects


def chosen_of(*instances: Instance) -> set[str]:
    return chosen(map(row_of, instances))[0]


def test_train_gives_way_to_a_shared_segment() -> None:
    one = instance("one", "train", ("same", "short"))
    two = instance("two", "train", ("other", "short"))
    test = instance("three", "test", ("same", "short"))
    ids, rejects = chosen(map(row_of, (one, two, test)))
    assert ids == {"two", "three"}
    assert [(reject.id, reject.kind, reject.stage) for reject in rejects] == [("one", "instance", "assemble")]
    assert rejects[0].reason == "shares text with test"


def test_train_gives_way_to_a_shared_long_text_of_another_source() -> None:
    one = instance("one", "train", ("a", "before"), ("b", TWENTY), source="first")
    test = instance("two", "test", ("c", f"«{TWENTY.upper().replace(' ', ',  ')}!»"), source="second")
    assert chosen_of(one, test) == chosen_of(test, one) == {"two"}


def test_a_shared_short_text_passes() -> None:
    nineteen = TWENTY.rpartition(" ")[0]
    one = instance("one", "train", ("a", nineteen))
    test = instance("two", "test", ("b", nineteen))
    assert chosen_of(one, test) == {"one", "two"}


def test_a_long_text_within_one_side_passes() -> None:
    names = ("one", "two")
    for split in ("train", "test"):
        assert chosen_of(*(instance(name, split, (name, TWENTY)) for name in names)) == set(names)


def test_the_reason_counts_segments() -> None:
    one = instance("one", "train", ("same", TWENTY))
    test = instance("two", "test", ("same", TWENTY))
    short = instance("three", "train", ("short", "a b"))
    other = instance("four", "test", ("short", "a b"))
    _, rejects = chosen(map(row_of, (one, test, short, other)))
    details = {reject.id: reject.detail for reject in rejects}
    assert details["one"].startswith("1 ")
    assert "20 words" not in details["three"]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (2, [1, 1]),
        (3, [1, 1, 1]),
        (4, [1, 1, 2]),
        (6, [1, 2, 3]),
        (8, [1, 3, 4]),
        (9, [1, 3, 5]),
        (99, [1, 3, 5]),
    ],
)
def test_the_limit_takes_in_turn_from_documents(limit: int, expected: list[int]) -> None:
    ids, rejects = chosen(rows_of({"a": 5, "b": 1, "c": 3}), limit)
    assert sorted(Counter(name.split("/")[1] for name in ids).values()) == expected
    assert len(ids) + len(rejects) == 9
    assert {reject.reason for reject in rejects} <= {"over the limit"}
    assert all(str(limit) in reject.detail for reject in rejects)


def test_the_limit_is_of_each_source_and_of_train_alone() -> None:
    many = [*rows_of({"a": 9}, "one"), *rows_of({"b": 9}, "two")]
    test = [Row(f"test/{number}", "one", "test", "t", number, frozenset()) for number in range(9)]
    ids, _ = chosen([*many, *test], 4)
    assert Counter(name.split("/")[0] for name in ids) == {"one": 4, "two": 4, "test": 9}


def test_what_shares_text_with_test_takes_no_place_under_the_limit() -> None:
    leaks = [instance(f"leak {number}", "train", ("same", "x")) for number in range(5)]
    clean = [instance(f"clean {number}", "train", (str(number), "y")) for number in range(2)]
    test = instance("test", "test", ("same", "x"))
    ids, rejects = chosen(map(row_of, (*leaks, *clean, test)), 2)
    assert ids == {"test", "clean 0", "clean 1"}
    assert {reject.id for reject in rejects} == {one.id for one in leaks}


def test_the_choice_is_the_seeds_alone() -> None:
    rows = rows_of({"a": 20, "b": 20, "c": 20})
    ids, _ = chosen(rows, 10)
    mixed = random.Random(0).sample(rows, len(rows))
    assert chosen(mixed, 10)[0] == ids
    assert chosen(rows, 10, seed=2)[0] != ids


def test_one_source_does_not_move_another() -> None:
    """A source that comes or goes leaves the choice of the others as it was."""
    rows, others = rows_of({"a": 20}, "one"), rows_of({"a": 30}, "two")
    assert chosen(rows, 5)[0] < chosen([*others, *rows], 5)[0]


def test_sides_without_overlap_pass() -> None:
    sides = {
        "train": [instance("one", "train", ("a", TWENTY))],
        "test": [instance("two", "test", ("b", "other"))],
    }
    verify_sides(lambda split: iter(sides[split]))


@pytest.mark.parametrize("planted", [("a", "other"), ("c", TWENTY)])
def test_an_overlap_is_found(planted: tuple[str, str]) -> None:
    sides = {
        "train": [instance("fine", "train", ("x", "y")), instance("one", "train", ("a", TWENTY))],
        "test": [instance("two", "test", ("b", "fine"), planted)],
    }
    with pytest.raises(MemcurateError, match="instance one of made"):
        verify_sides(lambda split: iter(sides[split]))
