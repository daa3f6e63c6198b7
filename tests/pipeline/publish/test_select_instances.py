"""Selected splits share no text, and each source has a limit, filled from as many documents as possible."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.params import DatasetParams
from pipeline.core.schema import Instance, Reject, Split
from pipeline.core.storage import write_rows
from pipeline.publish.select_instances import assert_no_leakage
from tests.pipeline.dedup.factories import select
from tests.pipeline.publish.factories import THIRTEEN, make_instances, make_segmented_instance

PARAMS = DatasetParams(
    max_train_per_source=100,
    near_duplicate=50,
    eval_only_sources=[],
    decontamination_ngram=13,
    baseline_version=None,
)


def select_ids(
    instances: Iterable[Instance], limit: int = 100, seed: int = 1
) -> tuple[set[str], list[Reject]]:
    """Select from the instances; return the ids of train and test together, and the rejects."""
    candidates = list(instances)
    params = PARAMS.model_copy(update={"max_train_per_source": limit})
    ids, rejects = select(candidates, params, seed)
    assert not ids["train"] & ids["test"] and not ids["evaluation"]
    assert {one.id for one in candidates} == ids["train"] | ids["test"] | {one.id for one in rejects}
    assert len(candidates) == len(ids["train"] | ids["test"]) + len(rejects)
    return ids["train"] | ids["test"], rejects


def test_a_train_instance_that_shares_a_segment_with_test_is_rejected() -> None:
    one = make_segmented_instance("one", "train", ("same", "short"))
    two = make_segmented_instance("two", "train", ("other", "short"))
    test = make_segmented_instance("three", "test", ("same", "short"))
    ids, rejects = select_ids((one, two, test))
    assert ids == {"two", "three"}
    assert [(reject.id, reject.kind, reject.stage) for reject in rejects] == [("one", "instance", "assemble")]
    assert rejects[0].reason == "shares text with test"


def test_a_train_instance_that_shares_words_with_another_sources_test_is_rejected() -> None:
    one = make_segmented_instance("one", "train", ("a", "before"), ("b", THIRTEEN), source="first")
    test = make_segmented_instance(
        "two", "test", ("c", f"«{THIRTEEN.upper().replace(' ', ',  ')}!»"), source="second"
    )
    assert select_ids((one, test))[0] == select_ids((test, one))[0] == {"two"}


def test_a_shared_text_shorter_than_the_ngram_is_kept() -> None:
    twelve = THIRTEEN.rpartition(" ")[0]
    one = make_segmented_instance(
        "one", "train", ("a", f"{twelve} and this is how the first of the two goes on")
    )
    test = make_segmented_instance(
        "two", "test", ("b", f"{twelve} but that is the way in which another one might end")
    )
    assert select_ids((one, test))[0] == {"one", "two"}


@pytest.mark.parametrize("split", ["train", "test"])
def test_near_duplicates_within_a_split_are_rejected(split: Split) -> None:
    instances = [
        make_segmented_instance(name, split, (name, THIRTEEN), document=document)
        for name, document in zip("abc", "xxy", strict=True)
    ]
    ids, rejects = select_ids(instances)
    assert ids == {"a"}
    assert {one.id: one.reason for one in rejects} == {
        "b": "near-duplicate of another instance",
        "c": "near-duplicate document",
    }


def test_a_leaking_instance_does_not_reject_its_near_duplicate() -> None:
    """Bar: the near-duplicate has no segment of test, so it stays."""
    leak = make_segmented_instance("a", "train", ("same", "one two three four five"))
    near = make_segmented_instance("b", "train", ("other", "one two three four six"))
    test = make_segmented_instance("c", "test", ("same", "one"))
    assert select_ids((leak, near, test))[0] == {"b", "c"}


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
def test_the_limit_is_filled_from_the_documents_in_turn(limit: int, expected: list[int]) -> None:
    ids, rejects = select_ids(make_instances({"a": 5, "b": 1, "c": 3}), limit)
    assert sorted(Counter(name.split("/")[1] for name in ids).values()) == expected
    assert len(ids) + len(rejects) == 9
    assert {reject.reason for reject in rejects} <= {"over the limit"}
    assert all(str(limit) in reject.detail for reject in rejects)


def test_the_limit_holds_for_each_source_and_only_in_train() -> None:
    many = [*make_instances({"a": 9}, "one"), *make_instances({"b": 9}, "two")]
    test = make_instances({"t": 9}, "test", "test")
    ids, _ = select_ids([*many, *test], 4)
    assert Counter(name.split("/")[0] for name in ids) == {"one": 4, "two": 4, "test": 9}


def test_leaking_instances_do_not_count_towards_the_limit() -> None:
    leaks = [
        make_segmented_instance(f"leak {number}", "train", ("same", f"{number} x")) for number in range(5)
    ]
    clean = [make_segmented_instance(f"clean {number}", "train", (str(number), "y")) for number in range(2)]
    test = make_segmented_instance("test", "test", ("same", "x"))
    ids, rejects = select_ids((*leaks, *clean, test), 2)
    assert ids == {"test", "clean 0", "clean 1"}
    assert {reject.id for reject in rejects} == {one.id for one in leaks}


def test_the_selection_depends_on_the_seed_not_on_the_order() -> None:
    rows = make_instances({"a": 20, "b": 20, "c": 20})
    ids, _ = select_ids(rows, 10)
    mixed = random.Random(0).sample(rows, len(rows))
    assert select_ids(mixed, 10)[0] == ids
    assert select_ids(rows, 10, seed=2)[0] != ids


def test_the_selection_of_a_source_does_not_depend_on_other_sources() -> None:
    """Bar: an added source leaves the selection of the others as it was."""
    rows, others = make_instances({"a": 20}, "one"), make_instances({"a": 30}, "two")
    assert select_ids(rows, 5)[0] < select_ids([*others, *rows], 5)[0]


def verify(folder: Path, splits: Mapping[Split, Sequence[Instance]]) -> None:
    """Write the instances as files of these splits, and verify that they share no text."""
    files: dict[Split, list[Path]] = {split: [folder / f"{split}.parquet"] for split in splits}
    for split, instances in splits.items():
        write_rows(files[split][0], Instance, (replace(one, split=split) for one in instances))
    assert_no_leakage(files, PARAMS.decontamination_ngram, folder / "tables")


def test_splits_without_overlap_pass(tmp_path: Path) -> None:
    splits: dict[Split, list[Instance]] = {
        "train": [make_segmented_instance("one", "train", ("a", THIRTEEN))],
        "test": [make_segmented_instance("two", "test", ("b", "other"))],
    }
    verify(tmp_path, splits)


@pytest.mark.parametrize("planted", [("a", "other"), ("c", THIRTEEN)])
def test_an_overlap_is_an_error(planted: tuple[str, str], tmp_path: Path) -> None:
    splits: dict[Split, list[Instance]] = {
        "train": [
            make_segmented_instance("fine", "train", ("x", "y")),
            make_segmented_instance("one", "train", ("a", THIRTEEN)),
        ],
        "test": [make_segmented_instance("two", "test", ("b", "fine"), planted)],
    }
    with pytest.raises(MemcurateError, match="instance one of made"):
        verify(tmp_path, splits)


def test_evaluation_sets_are_their_own_split_whole() -> None:
    """Bar: train instances that share text with them are rejected; they may share text with each other."""
    params = PARAMS.model_copy(update={"eval_only_sources": ["bench", "other"], "max_train_per_source": 1})
    instances = [
        make_segmented_instance("leaks", "train", ("l", THIRTEEN)),
        make_segmented_instance("clean", "train", ("c", "something else")),
        make_segmented_instance("test", "test", ("t", "a third thing")),
        make_segmented_instance("b1", "train", ("b1", THIRTEEN), source="bench"),
        make_segmented_instance("b2", "test", ("b2", "of the split test"), source="bench"),
        make_segmented_instance("o1", "train", ("o1", THIRTEEN), source="other"),
    ]
    ids_by_split, rejects = select(instances, params)
    assert ids_by_split == {"train": {"clean"}, "test": {"test"}, "evaluation": {"b1", "b2", "o1"}}
    assert [(one.id, one.reason) for one in rejects] == [("leaks", "shares text with test")]


def test_train_is_verified_against_evaluation_sets(tmp_path: Path) -> None:
    parts: dict[Split, list[Instance]] = {
        "train": [make_segmented_instance("one", "train", ("l", THIRTEEN))],
        "test": [],
        "evaluation": [make_segmented_instance("two", "evaluation", ("e", THIRTEEN))],
    }
    with pytest.raises(MemcurateError, match="instance one of made is in train"):
        verify(tmp_path, parts)
