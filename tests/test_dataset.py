"""Nothing stands on both sides, and each source gives so many instances, from as many documents as can be."""

import random
from collections import Counter
from collections.abc import Iterable

import pytest

from pipeline.dataset import choose, verify_sides
from pipeline.errors import MemcurateError
from pipeline.params import DatasetParams
from pipeline.schema import Chunk, Instance, PlacedSegment, Reject, Span, Split

PARAMS = DatasetParams(limit=100, near_duplicate=50, evaluation=[], contamination_words=13, previous=None)
THIRTEEN = " ".join(f"word{number}" for number in range(13))


def instance(
    name: str, split: Split, *segments: tuple[str, str], source: str = "made", document: str | None = None
) -> Instance:
    """An instance of one chunk with these (id, text) segments."""
    text, placed = "", []
    for key, words in segments:
        start = len(text)
        text += words
        placed.append(PlacedSegment(key, Span("f", "", 0, 0), name, None, None, None, None, start, len(text)))
        text += "\n"
    chunk = Chunk(f"{name}/chunk", 0, text, 1, "2020-01-01 00:00", placed)
    return Instance(name, source, split, document or name, 0, 1, [chunk], [], [])


def instances_of(documents: dict[str, int], source: str = "made", split: Split = "train") -> list[Instance]:
    """So many instances of each document, with nothing in common."""
    return [
        instance(name, split, (name, f"{name.replace('/', '_')} sleeps"), source=source, document=document)
        for document, count in documents.items()
        for number in range(count)
        for name in [f"{source}/{document}/{number}"]
    ]


def chosen(instances: Iterable[Instance], limit: int = 100, seed: int = 1) -> tuple[set[str], list[Reject]]:
    """Ids of both sides together, and rejects."""
    made = list(instances)
    sides, rejects = choose(lambda: made, PARAMS.model_copy(update={"limit": limit}), seed)
    assert not sides["train"] & sides["test"] and not sides["evaluation"]
    assert {one.id for one in made} == sides["train"] | sides["test"] | {one.id for one in rejects}
    assert len(made) == len(sides["train"] | sides["test"]) + len(rejects)
    return sides["train"] | sides["test"], rejects


def test_train_gives_way_to_a_shared_segment() -> None:
    one = instance("one", "train", ("same", "short"))
    two = instance("two", "train", ("other", "short"))
    test = instance("three", "test", ("same", "short"))
    ids, rejects = chosen((one, two, test))
    assert ids == {"two", "three"}
    assert [(reject.id, reject.kind, reject.stage) for reject in rejects] == [("one", "instance", "assemble")]
    assert rejects[0].reason == "shares text with test"


def test_train_gives_way_to_a_run_of_words_of_another_source() -> None:
    one = instance("one", "train", ("a", "before"), ("b", THIRTEEN), source="first")
    test = instance("two", "test", ("c", f"«{THIRTEEN.upper().replace(' ', ',  ')}!»"), source="second")
    assert chosen((one, test))[0] == chosen((test, one))[0] == {"two"}


def test_a_shared_short_text_passes() -> None:
    twelve = THIRTEEN.rpartition(" ")[0]
    one = instance("one", "train", ("a", f"{twelve} and this is how the first of the two goes on"))
    test = instance("two", "test", ("b", f"{twelve} but that is the way in which another one might end"))
    assert chosen((one, test))[0] == {"one", "two"}


@pytest.mark.parametrize("split", ["train", "test"])
def test_within_one_side_near_duplicates_go(split: Split) -> None:
    made = [
        instance(name, split, (name, THIRTEEN), document=document)
        for name, document in zip("abc", "xxy", strict=True)
    ]
    ids, rejects = chosen(made)
    assert ids == {"a"}
    assert {one.id: one.reason for one in rejects} == {
        "b": "near-duplicate of another instance",
        "c": "near-duplicate document",
    }


def test_what_shares_text_with_test_is_no_reason_to_drop_another() -> None:
    """Its near-duplicate stays, which has no segment of test."""
    leak = instance("a", "train", ("same", "one two three four five"))
    near = instance("b", "train", ("other", "one two three four six"))
    test = instance("c", "test", ("same", "one"))
    assert chosen((leak, near, test))[0] == {"b", "c"}


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
    ids, rejects = chosen(instances_of({"a": 5, "b": 1, "c": 3}), limit)
    assert sorted(Counter(name.split("/")[1] for name in ids).values()) == expected
    assert len(ids) + len(rejects) == 9
    assert {reject.reason for reject in rejects} <= {"over the limit"}
    assert all(str(limit) in reject.detail for reject in rejects)


def test_the_limit_is_of_each_source_and_of_train_alone() -> None:
    many = [*instances_of({"a": 9}, "one"), *instances_of({"b": 9}, "two")]
    test = instances_of({"t": 9}, "test", "test")
    ids, _ = chosen([*many, *test], 4)
    assert Counter(name.split("/")[0] for name in ids) == {"one": 4, "two": 4, "test": 9}


def test_what_shares_text_with_test_takes_no_place_under_the_limit() -> None:
    leaks = [instance(f"leak {number}", "train", ("same", f"{number} x")) for number in range(5)]
    clean = [instance(f"clean {number}", "train", (str(number), "y")) for number in range(2)]
    test = instance("test", "test", ("same", "x"))
    ids, rejects = chosen((*leaks, *clean, test), 2)
    assert ids == {"test", "clean 0", "clean 1"}
    assert {reject.id for reject in rejects} == {one.id for one in leaks}


def test_the_choice_is_the_seeds_alone() -> None:
    rows = instances_of({"a": 20, "b": 20, "c": 20})
    ids, _ = chosen(rows, 10)
    mixed = random.Random(0).sample(rows, len(rows))
    assert chosen(mixed, 10)[0] == ids
    assert chosen(rows, 10, seed=2)[0] != ids


def test_one_source_does_not_move_another() -> None:
    """A source that comes or goes leaves the choice of the others as it was."""
    rows, others = instances_of({"a": 20}, "one"), instances_of({"a": 30}, "two")
    assert chosen(rows, 5)[0] < chosen([*others, *rows], 5)[0]


def test_sides_without_overlap_pass() -> None:
    sides = {
        "train": [instance("one", "train", ("a", THIRTEEN))],
        "test": [instance("two", "test", ("b", "other"))],
    }
    verify_sides(lambda split: iter(sides.get(split, ())), PARAMS)


@pytest.mark.parametrize("planted", [("a", "other"), ("c", THIRTEEN)])
def test_an_overlap_is_found(planted: tuple[str, str]) -> None:
    sides = {
        "train": [instance("fine", "train", ("x", "y")), instance("one", "train", ("a", THIRTEEN))],
        "test": [instance("two", "test", ("b", "fine"), planted)],
    }
    with pytest.raises(MemcurateError, match="instance one of made"):
        verify_sides(lambda split: iter(sides.get(split, ())), PARAMS)


def test_evaluation_sets_go_to_their_own_split_whole() -> None:
    """Bar: never to training; what train shares with them goes, what they share with each other stays."""
    params = PARAMS.model_copy(update={"evaluation": ["bench", "other"], "limit": 1})
    made = [
        instance("leaks", "train", ("l", THIRTEEN)),
        instance("clean", "train", ("c", "something else")),
        instance("test", "test", ("t", "a third thing")),
        instance("b1", "train", ("b1", THIRTEEN), source="bench"),
        instance("b2", "test", ("b2", "of the side test"), source="bench"),
        instance("o1", "train", ("o1", THIRTEEN), source="other"),
    ]
    chosen_ids, rejects = choose(lambda: made, params, 1)
    assert chosen_ids == {"train": {"clean"}, "test": {"test"}, "evaluation": {"b1", "b2", "o1"}}
    assert [(one.id, one.reason) for one in rejects] == [("leaks", "shares text with test")]


def test_train_is_verified_against_evaluation_sets() -> None:
    parts = {
        "train": [instance("one", "train", ("l", THIRTEEN))],
        "test": [],
        "evaluation": [instance("two", "evaluation", ("e", THIRTEEN))],
    }
    with pytest.raises(MemcurateError, match="instance one of made stands in train"):
        verify_sides(parts.__getitem__, PARAMS)
