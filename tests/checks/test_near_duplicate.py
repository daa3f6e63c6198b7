"""Near-duplicates are found, of each the right one goes, and the search does not compare all with all."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import draws
from pipeline.checks import near_duplicate
from pipeline.checks.dropped import Dropped
from pipeline.checks.near_duplicate import bands, near_duplicates, sketch_of
from pipeline.chunking import Chunked
from pipeline.documents import Parsed
from pipeline.schema import Instance, Split
from pipeline.text.shingles import Hashes, alike
from tests.checks.planting import edited
from tests.questions.making import make_instance

Made = Callable[[str], tuple[Parsed, Chunked]]

PERCENT = 50
DOCUMENT, INSTANCE = "near-duplicate document", "near-duplicate of another instance"
VOCABULARY = [f"word{number}" for number in range(2000)]


def text(name: object, words: int = 60) -> str:
    """Words at random."""
    return " ".join(VOCABULARY[draws.integer(0, 1999, 20, name, place)] for place in range(words))


def instance(
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


def found(*instances: Instance, percent: int = PERCENT) -> dict[str, Dropped]:
    return near_duplicates(map(sketch_of, instances), percent)


def reasons(*instances: Instance) -> dict[str, str]:
    return {identity: why.reason for identity, why in found(*instances).items()}


def test_a_near_duplicate_document_goes_with_all_its_instances() -> None:
    """However it is cut: no chunk of the one is like a chunk of the other."""
    parts = [text(number, 30) for number in range(24)]
    quarters = [" ".join(parts[start : start + 6]) for start in range(0, 24, 6)]
    first = instance("a", quarters)
    second = instance("b", parts[:12], document="other")
    third = instance("c", parts[12:], document="other")
    alone = instance("d", [text("d")])
    dropped = found(first, second, third, alone)
    assert {identity: why.reason for identity, why in dropped.items()} == {"b": DOCUMENT, "c": DOCUMENT}
    assert dropped["b"].detail == "other is nearly a of made"


def test_documents_of_one_name_in_two_sources_are_two() -> None:
    one = instance("a", [text("a")], document="train")
    other = replace(instance("b", [text("b")], document="train"), source="another")
    same = replace(instance("c", [text("a")], document="train"), source="third")
    assert reasons(one, other, same) == {"c": DOCUMENT}


@pytest.mark.parametrize(("shared", "goes"), [(1, False), (2, True), (3, True)])
def test_an_instance_goes_if_half_of_its_chunks_do(shared: int, goes: bool) -> None:
    texts = [text(number) for number in range(8)]
    one = instance("a", texts[:4], document="pool")
    other = instance("b", [*texts[:shared], *texts[4 : 8 - shared]], document="pool")
    dropped = found(one, other)
    assert list(dropped) == (["b"] if goes else [])
    if goes:
        assert dropped["b"].reason == INSTANCE
        assert dropped["b"].detail == f"{shared} of 4 chunks are nearly those of others, {shared} of a"


def test_what_goes_takes_nothing_with_it() -> None:
    """The third is like the second, which went, and not like the first, which stays."""
    texts = [text(number) for number in range(8)]
    chain = [texts[0:4], texts[2:6], texts[4:8]]
    made = [instance(name, part, document="pool") for name, part in zip("abc", chain, strict=True)]
    assert list(found(*made)) == ["b"]


def test_test_stays_before_train_then_the_first() -> None:
    copies = [instance("a", [text(0)]), instance("b", [text(0)], "test"), instance("c", [text(0)], "test")]
    for order in (copies, copies[::-1]):
        assert set(found(*order)) == {"a", "c"}
        assert set(found(*(replace(one, document="pool") for one in order))) == {"a", "c"}


def test_examples_are_no_documents() -> None:
    """Two sources may show one pool under other labels, the same examples in another order and cut."""
    samples = [text(number, 8) for number in range(60)]

    def drawn(name: str) -> list[str]:
        order = draws.shuffled(samples, str, 20, name)
        return [" ".join(order[start : start + 10]) for start in range(0, 60, 10)]

    sources = [instance(name, drawn(name), examples=True) for name in "ab"]
    assert not found(*sources)
    assert reasons(*(replace(one, labels=[]) for one in sources)) == {"b": DOCUMENT}
    assert reasons(sources[0], replace(sources[0], id="b")) == {"b": INSTANCE}


def test_only_the_segments_are_compared() -> None:
    frame = text("frame", 500)
    made = []
    for name in "ab":
        one = instance(name, [text(name)])
        one.chunks[0].text += frame
        made.append(one)
    assert not found(*made)


def test_empty_texts_are_like_nothing() -> None:
    assert not found(*(instance(name, ["", "owl"]) for name in "ab"))


def test_the_percent_decides_exactly() -> None:
    """Pairs of texts with 40 word pairs each, of which 30 are shared: 30 of 50."""
    made = []
    for number in range(40):
        words = text(number, 41).split()
        made.append(instance(f"{number}", [" ".join(words)]))
        made.append(instance(f"~{number}", [" ".join(words[:31] + text(-1 - number, 10).split())]))
    assert len(found(*made, percent=60)) >= 38
    assert not found(*made, percent=61)


@given(st.integers(1, 100))
def test_bands_overlook_few(percent: int) -> None:
    count, rows = bands(percent)
    assert 2 <= count <= 192 // rows
    if percent > 1:
        assert (1 - (percent / 100) ** rows) ** count < 0.0501


def planted(originals: Sequence[Instance], percent: int) -> list[Instance]:
    """A copy of every second original, with so many of its words edited; its id is ~ and the other's."""
    return [
        instance(
            f"~{one.id}",
            [
                edited(
                    "\n".join(chunk.text[segment.start : segment.end] for segment in chunk.segments),
                    percent,
                    VOCABULARY,
                    chunk.id,
                )
                for chunk in one.chunks
            ],
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
    copies = planted(originals, percent)
    dropped = found(*originals, *copies)
    right = sum(one.id in dropped for one in copies)
    assert 100 * right >= least * len(copies)
    assert 100 * right >= 95 * len(dropped)


def test_few_pairs_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bar: time grows no faster than n log n. Counted in comparisons: seconds would be this machine's."""
    counts: list[int] = []

    def counted(one: Hashes, other: Hashes, percent: int) -> bool:
        counts[-1] += 1
        return alike(one, other, percent)

    monkeypatch.setattr(near_duplicate, "alike", counted)
    for size in (200, 400, 800, 1600):
        counts.append(0)
        originals = [instance(f"{number}", [text(number)]) for number in range(size // 2)]
        copies = planted(originals, 10)
        assert len(found(*originals, *copies)) == len(copies)
    for less, more in pairwise(counts):
        assert more <= 2.2 * less
