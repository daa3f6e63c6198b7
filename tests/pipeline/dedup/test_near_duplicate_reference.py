"""The survivors are those of a plain search that compares all texts with all."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.core.schema import Instance, joined_segments
from pipeline.text.normalize import words
from tests.pipeline.dedup.factories import PARAMS, select
from tests.pipeline.dedup.test_near_duplicate import instance_of_texts, random_text

Pairs = frozenset[tuple[str, str]]


def word_pairs(text: str) -> Pairs:
    return frozenset(zip(words(text), words(text)[1:], strict=False))


def are_similar(one: Pairs, other: Pairs) -> bool:
    shared, either = len(one & other), len(one | other)
    assume(not 0.5 <= shared / max(1, either) < 0.6)  # there a pair may be overlooked
    return 2 * shared >= either > 0 and shared > 0


def search_plainly(instances: Sequence[Instance]) -> dict[str, str]:
    """Return the details of the rejects, by id, of one after the other: test first, then by id."""
    ordered = sorted(instances, key=lambda one: (one.split != "test", one.id))
    chunks = {one.id: [word_pairs(joined_segments(chunk)) for chunk in one.chunks] for one in ordered}
    details: dict[str, str] = {}
    documents: dict[str, list[Instance]] = {}
    for one in ordered:
        if not one.labels:
            documents.setdefault(one.document, []).append(one)
    kept_documents: list[tuple[str, Pairs]] = []
    for name, members in documents.items():
        pairs = frozenset[tuple[str, str]]().union(*(chunk for one in members for chunk in chunks[one.id]))
        similar = [other for other, other_pairs in kept_documents if are_similar(pairs, other_pairs)]
        if similar:
            details |= {one.id: f"{name} is nearly {similar[0]} of made" for one in members}
        else:
            kept_documents.append((name, pairs))
    kept: list[Instance] = []
    for one in (one for one in ordered if one.id not in details):
        repeated, shared = 0, Counter[str]()
        for chunk in chunks[one.id]:
            others = [
                other.id for other in kept if any(are_similar(chunk, theirs) for theirs in chunks[other.id])
            ]
            repeated += bool(others)
            shared.update(others)
        if repeated and 2 * repeated >= len(one.chunks):
            other = min(shared, key=lambda identity: (-shared[identity], identity))
            details[one.id] = (
                f"{repeated} of {len(one.chunks)} chunks are nearly those of others, "
                f"{shared[other]} of {other}"
            )
        else:
            kept.append(one)
    return details


def make_chunk(drawn: tuple[int, int]) -> str:
    """One of a few texts, with one word changed where the second number is not 0; text 0 has no word pair."""
    text, changed = drawn
    chosen = random_text(text, 40).split() if text else ["alone"]
    if changed:
        chosen[7 * changed % len(chosen)] = f"changed{changed}"
    return " ".join(chosen)


@st.composite
def many_instances(draw: st.DrawFn) -> list[Instance]:
    chunks = st.tuples(st.integers(0, 8), st.integers(0, 3)).map(make_chunk)
    made = []
    for number in range(draw(st.integers(2, 14))):
        one = instance_of_texts(
            f"i{number:02}",
            draw(st.lists(chunks, min_size=1, max_size=4)),
            draw(st.sampled_from(["train", "train", "test"])),
            f"d{draw(st.integers(0, 9))}",
            draw(st.booleans()),
        )
        made.append(one)
    return made


@settings(max_examples=25, deadline=None)
@given(many_instances())
def test_survivors_are_those_of_a_plain_search(instances: list[Instance]) -> None:
    expected = search_plainly(instances)
    ids, rejects = select(instances, PARAMS)
    assert {one.id: one.detail for one in rejects} == expected
    assert ids["train"] | ids["test"] == {one.id for one in instances} - expected.keys()


def make_many(count: int, equal: bool) -> list[Instance]:
    """Make instances that share a chunk, alike or all but a word; of each third it is half of the chunks."""
    shared = random_text("shared", 200).split()
    made = []
    for number in range(count):
        changed = shared if equal else [*shared[:-1], f"x{number}"]
        own = [random_text((number, place), 20) for place in range(1 if number % 3 == 2 else 2)]
        made.append(instance_of_texts(f"i{number:04}", [" ".join(changed), *own], examples=True))
    return made


@pytest.mark.parametrize("equal", [True, False], ids=["equal", "similar"])
def test_a_chunk_of_all_instances_costs_few_comparisons(equal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.dedup import near_duplicate

    compare, comparisons = near_duplicate.has_min_jaccard, 0

    def count(*args: object) -> bool:
        nonlocal comparisons
        comparisons += 1
        return compare(*args)  # type: ignore[arg-type]  # as it is called

    monkeypatch.setattr(near_duplicate, "has_min_jaccard", count)
    _, rejects = select(make_many(600, equal), PARAMS)
    assert [one.id for one in rejects] == [f"i{number:04}" for number in range(2, 600, 3)]
    assert {one.detail for one in rejects} == {"1 of 2 chunks are nearly those of others, 1 of i0000"}
    assert comparisons <= (0 if equal else 110 * 200 + 600)


@pytest.mark.parametrize(("parts", "workers"), [(1, "1"), (5, "1"), (5, "2")])
def test_parts_and_workers_change_nothing(parts: int, workers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_WORKERS", workers)
    instances = make_many(60, equal=False)
    instances += [replace(one, id=f"~{one.id}", split="test", labels=[]) for one in instances[::7]]
    params = PARAMS.model_copy(update={"decontamination_ngram": 30, "max_train_per_source": 20})
    assert select(instances, params, parts=parts) == select(instances, params)
