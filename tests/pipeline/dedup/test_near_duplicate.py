"""Near-duplicates are found, the right one of each pair is rejected, and not all pairs are compared."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.chunking import ChunkedSource
from pipeline.core import seeded_random
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Instance, Split, joined_segments
from pipeline.dedup import near_duplicate
from pipeline.dedup.minhash import lsh_bands
from pipeline.sources.parsed import ParsedSource
from pipeline.text.shingles import Hashes, has_min_jaccard
from tests.pipeline.checks.factories import edit_words
from tests.pipeline.dedup.factories import PARAMS, select
from tests.pipeline.questions.factories import make_instance

Made = Callable[[str], tuple[ParsedSource, ChunkedSource]]

PERCENT = 50
DOCUMENT, INSTANCE = "near-duplicate document", "near-duplicate of another instance"
VOCABULARY = [f"word{number}" for number in range(2000)]


def random_text(name: object, words: int = 60) -> str:
    """Words at random."""
    return " ".join(VOCABULARY[seeded_random.randint(0, 1999, 20, name, place)] for place in range(words))


def instance_of_texts(
    name: str,
    chunks: Sequence[str],
    split: Split = "train",
    document: str | None = None,
    examples: bool = False,
) -> Instance:
    """An instance of these texts, each a chunk of one segment, in a document of its own."""
    segments = [{f"{name}/{number}": chunk} for number, chunk in enumerate(chunks)]
    made = make_instance(name, *segments, labels=["a"] if examples else [], document=document or name)
    return replace(made, split=split)


def reject_duplicates(*instances: Instance, percent: int = PERCENT) -> dict[str, Rejection]:
    params = PARAMS.model_copy(update={"near_duplicate": percent})
    return {one.id: Rejection(one.reason, one.detail) for one in select(instances, params)[1]}


def reject_reasons(*instances: Instance) -> dict[str, str]:
    return {identity: why.reason for identity, why in reject_duplicates(*instances).items()}


def test_a_near_duplicate_document_is_rejected_with_all_its_instances() -> None:
    """The chunks do not matter: no chunk of the one is similar to a chunk of the other."""
    parts = [random_text(number, 30) for number in range(24)]
    quarters = [" ".join(parts[start : start + 6]) for start in range(0, 24, 6)]
    first = instance_of_texts("a", quarters)
    second = instance_of_texts("b", parts[:12], document="other")
    third = instance_of_texts("c", parts[12:], document="other")
    alone = instance_of_texts("d", [random_text("d")])
    dropped = reject_duplicates(first, second, third, alone)
    assert {identity: why.reason for identity, why in dropped.items()} == {"b": DOCUMENT, "c": DOCUMENT}
    assert dropped["b"].detail == "other is nearly a of made"


def test_documents_of_the_same_name_in_two_sources_are_different() -> None:
    one = instance_of_texts("a", [random_text("a")], document="train")
    other = replace(instance_of_texts("b", [random_text("b")], document="train"), source="another")
    same = replace(instance_of_texts("c", [random_text("a")], document="train"), source="third")
    assert reject_reasons(one, other, same) == {"c": DOCUMENT}


@pytest.mark.parametrize(("shared", "rejected"), [(1, False), (2, True), (3, True)])
def test_an_instance_is_rejected_if_half_of_its_chunks_are_duplicates(shared: int, rejected: bool) -> None:
    texts = [random_text(number) for number in range(8)]
    one = instance_of_texts("a", texts[:4], document="pool")
    other = instance_of_texts("b", [*texts[:shared], *texts[4 : 8 - shared]], document="pool")
    dropped = reject_duplicates(one, other)
    assert list(dropped) == (["b"] if rejected else [])
    if rejected:
        assert dropped["b"].reason == INSTANCE
        assert dropped["b"].detail == f"{shared} of 4 chunks are nearly those of others, {shared} of a"


def test_a_rejected_instance_rejects_no_other() -> None:
    """The third is similar to the second, which is rejected, and not to the first, which is kept."""
    texts = [random_text(number) for number in range(8)]
    chain = [texts[0:4], texts[2:6], texts[4:8]]
    made = [instance_of_texts(name, part, document="pool") for name, part in zip("abc", chain, strict=True)]
    assert list(reject_duplicates(*made)) == ["b"]


def test_test_is_kept_before_train_then_the_first_by_id() -> None:
    copies = [
        instance_of_texts("a", [random_text(0)]),
        instance_of_texts("b", [random_text(0)], "test"),
        instance_of_texts("c", [random_text(0)], "test"),
    ]
    for order in (copies, copies[::-1]):
        assert set(reject_duplicates(*order)) == {"a", "c"}
        assert set(reject_duplicates(*(replace(one, document="pool") for one in order))) == {"a", "c"}


def test_documents_of_labelled_examples_are_not_compared() -> None:
    """Two sources may show one pool under other labels, in another order and in other chunks."""
    samples = [random_text(number, 8) for number in range(60)]

    def drawn(name: str) -> list[str]:
        order = seeded_random.shuffled(samples, str, 20, name)
        return [" ".join(order[start : start + 10]) for start in range(0, 60, 10)]

    sources = [instance_of_texts(name, drawn(name), examples=True) for name in "ab"]
    assert not reject_duplicates(*sources)
    assert reject_reasons(*(replace(one, labels=[]) for one in sources)) == {"b": DOCUMENT}
    assert reject_reasons(sources[0], replace(sources[0], id="b")) == {"b": INSTANCE}


def test_templates_are_not_compared() -> None:
    frame = random_text("frame", 500)
    made = []
    for name in "ab":
        one = instance_of_texts(name, [random_text(name)])
        one.chunks[0].text += frame
        made.append(one)
    assert not reject_duplicates(*made)


def test_empty_texts_are_similar_to_nothing() -> None:
    assert not reject_duplicates(*(instance_of_texts(name, ["", "owl"]) for name in "ab"))


def test_the_threshold_is_exact() -> None:
    """Pairs of texts with 40 word pairs each, of which 30 are shared: 30 of 50."""
    made = []
    for number in range(40):
        words = random_text(number, 41).split()
        made.append(instance_of_texts(f"{number}", [" ".join(words)]))
        made.append(
            instance_of_texts(f"~{number}", [" ".join(words[:31] + random_text(-1 - number, 10).split())])
        )
    assert len(reject_duplicates(*made, percent=60)) >= 38
    assert not reject_duplicates(*made, percent=61)


@given(st.integers(1, 100))
def test_bands_overlook_at_most_one_in_twenty(percent: int) -> None:
    count, rows = lsh_bands(percent)
    assert 2 <= count <= 512 // rows
    if percent > 1:
        assert (1 - (percent / 100) ** rows) ** count < 0.0501


def plant_duplicates(originals: Sequence[Instance], percent: int) -> list[Instance]:
    """Copy every second original with `percent` of its words edited; the copy's id has a ~ before it."""
    return [
        instance_of_texts(
            f"~{one.id}",
            [edit_words(joined_segments(chunk), percent, VOCABULARY, chunk.id) for chunk in one.chunks],
            document=f"~{one.document}",
        )
        for one in originals[::2]
    ]


@pytest.mark.parametrize("whole", [True, False], ids=["documents", "chunks"])
@pytest.mark.parametrize(("percent", "least"), [(0, 100), (5, 100), (10, 95), (15, 95), (20, 90)])
def test_planted_near_duplicates_are_found(chunked: Made, percent: int, least: int, whole: bool) -> None:
    """Bar: recall 0.95 at 10 % of the words edited, precision 0.95; of real chunks, and of many together."""
    originals = [
        replace(one, document=one.id)
        for source in ("squad_dev", "longmemeval")
        for one in chunked(source)[1].instances[:8]
    ]
    if not whole:
        originals = [
            replace(one, id=chunk.id, document=chunk.id, chunks=[chunk])
            for one in originals
            for chunk in one.chunks
        ]
    copies = plant_duplicates(originals, percent)
    dropped = reject_duplicates(*originals, *copies)
    right = sum(one.id in dropped for one in copies)
    assert 100 * right >= least * len(copies)
    assert 100 * right >= 95 * len(dropped)


def test_few_pairs_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bar: time grows no faster than n log n, counted in comparisons, which do not depend on the machine."""
    counts: list[int] = []

    def count_comparison(one: Hashes, other: Hashes, percent: int) -> bool:
        counts[-1] += 1
        return has_min_jaccard(one, other, percent)

    monkeypatch.setattr(near_duplicate, "has_min_jaccard", count_comparison)
    for size in (200, 400, 800, 1600):
        counts.append(0)
        originals = [instance_of_texts(f"{number}", [random_text(number)]) for number in range(size // 2)]
        copies = plant_duplicates(originals, 10)
        assert len(reject_duplicates(*originals, *copies)) == len(copies)
    for less, more in pairwise(counts):
        assert more <= 2.2 * less
