"""Every recipe on documents that hypothesis makes up: budgets hold, nothing is lost, nothing is shared."""

from collections import Counter
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from pipeline.chunking import Chunked, Context, chunk
from pipeline.documents import Book, Document, Parsed, Section
from pipeline.errors import MemcurateError
from pipeline.ids import SegmentIds
from pipeline.params import (
    BookChunking,
    Chunking,
    ConversationChunking,
    ExampleChunking,
    GatheredChunking,
    PassageChunking,
    SessionChunking,
)
from pipeline.schema import Question, Segment, Span
from tests.test_real_corpora import expected_segments, in_order

# Shrinking these documents takes minutes and says little more than the case that failed.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
MANY = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)

WORDS = st.sampled_from(
    ["a", "Mr.", "U.S.", "ship.", "Who?", '"No!"', "naïve", "12,5", "…", "--", "/x", "中文字"]
)
GAPS = st.sampled_from([" ", " ", " ", "\n", "\n\n", "  \n   "])
# Mostly short texts, some that no small chunk holds, some without any white space.
SHORT = st.lists(st.tuples(WORDS, GAPS), min_size=1, max_size=12).map(
    lambda pairs: "".join(word + gap for word, gap in pairs).strip()
)
LONG = st.tuples(SHORT, st.integers(15, 40)).map(lambda pair: " ".join([pair[0]] * pair[1]))
UNBROKEN = st.integers(200, 500).map(lambda length: "xyz-"[: length % 5 + 1] * length)
TEXTS = st.one_of(SHORT, SHORT, SHORT, LONG, UNBROKEN)


def make_document(name: str, units: list[list[str]], *, speakers: bool = False) -> Document:
    ids = SegmentIds("made", name)
    numbers = count()
    sections: list[Section] = []
    for place, unit in enumerate(units):
        segments = [
            Segment(
                id=ids.next(text),
                raw=Span("raw.json", f"/{name}/{next(numbers)}", 0, len(text)),
                document=name,
                section=f"{name}-{place // 3}",
                speaker=f"P{place % 2}" if speakers else None,
                time=f"2020-01-{place // 3 % 28 + 1:02d} 10:00" if speakers else None,
                label=None,
                text=text,
            )
            for text in unit
        ]
        sections.append(Section(f"{name}-{place // 3}", [segments]))
    return Document(name, sections)


UNITS = st.lists(st.lists(TEXTS, min_size=1, max_size=3), min_size=1, max_size=8)
POOLS = st.lists(UNITS, min_size=3, max_size=6)


def check(parsed: Parsed, made: Chunked, recipe: Chunking, context: Context) -> None:
    """What must hold of any chunked source."""
    uses: Counter[str] = Counter()
    kept: dict[str, list[tuple[Span, str]]] = {}
    for instance in made.instances:
        assert [one.ordinal for one in instance.chunks] == list(range(len(instance.chunks)))
        for one in instance.chunks:
            assert one.tokens == context.tokenizer.count(one.text) <= recipe.max_tokens
            assert one.segments
            for segment in one.segments:
                text = one.text[segment.start : segment.end]
                assert text == text.strip() != ""
                assert segment.raw.end - segment.raw.start == len(text)
                uses[segment.id] += 1
                kept.setdefault(segment.document, []).append((segment.raw, text))
    rejected: dict[str, list[tuple[Span, str]]] = {}
    for reject in made.rejects:
        for segment in reject.segments:
            uses[segment.id] += 1
            rejected.setdefault(segment.document, []).append((segment.raw, segment.text))
    assert not uses or max(uses.values()) == 1
    for name, segments in expected_segments(parsed, context).items():
        assert in_order(segments, kept.get(name, []), rejected.get(name, [])), name


@MANY
@given(POOLS, st.integers(128, 600), st.integers(1, 4), st.integers(0, 6))
def test_conversations(
    context: Context, pool: list[list[list[str]]], most: int, least: int, more: int
) -> None:
    documents = [make_document(f"d{n}", units, speakers=True) for n, units in enumerate(pool)]
    recipe = ConversationChunking(
        recipe="conversations", max_tokens=most, min_chunks=least, max_chunks=least + more
    )
    parsed = Parsed(documents=documents)
    made = chunk(parsed, recipe, context)
    check(parsed, made, recipe, context)
    assert all(len(one.chunks) <= least + more for one in made.instances)


@MANY
@given(POOLS, st.integers(160, 600), st.integers(1, 4), st.integers(0, 6))
def test_passages(context: Context, pool: list[list[list[str]]], most: int, least: int, more: int) -> None:
    documents = [make_document(f"d{n}", units) for n, units in enumerate(pool)]
    recipe = PassageChunking(
        recipe="passages", max_tokens=most, min_target=100, min_chunks=least, max_chunks=least + more
    )
    parsed = Parsed(documents=documents)
    made = chunk(parsed, recipe, context)
    check(parsed, made, recipe, context)
    assert all(least <= len(one.chunks) <= least + more for one in made.instances)


@MANY
@given(POOLS, st.integers(160, 600), st.data())
def test_gathered(context: Context, pool: list[list[list[str]]], most: int, data: st.DataObject) -> None:
    documents = [make_document(f"d{n}", units) for n, units in enumerate(pool)]
    firsts = [document.sections[0].units[0][0] for document in documents]
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(firsts), st.sampled_from(firsts)), max_size=5))
    questions = [asked(number, [one.id, other.id]) for number, (one, other) in enumerate(pairs)]
    recipe = GatheredChunking(
        recipe="gathered",
        max_tokens=most,
        min_target=100,
        instance_tokens=most * 3,
        min_chunks=1,
        max_chunks=50,
    )
    parsed = Parsed(documents=documents, questions=questions)
    made = chunk(parsed, recipe, context)
    check(parsed, made, recipe, context)
    home = {
        segment.id.partition(".")[0]: one.id
        for one in made.instances
        for c in one.chunks
        for segment in c.segments
    }
    for question in questions:
        assert len({home.get(segment) for segment in question.evidence}) == 1


def asked(number: int, evidence: list[str]) -> Question:
    return Question(
        id=f"made/{number}",
        text="?",
        answers=["a"],
        metric="contains",
        origin="carried",
        kind=None,
        time=None,
        evidence=evidence,
        evidence_chunks=[],
        raw=None,
    )


@MANY
@given(st.lists(UNITS, min_size=6, max_size=10), st.integers(160, 600))
def test_sessions(context: Context, pool: list[list[list[str]]], most: int) -> None:
    documents = [make_document(f"d{n}", units, speakers=True) for n, units in enumerate(pool)]
    recipe = SessionChunking(
        recipe="sessions",
        max_tokens=most,
        min_questions=2,
        max_questions=3,
        min_instance_tokens=1,
        max_instance_tokens=100_000,
    )
    parsed = Parsed(documents=documents)
    made = chunk(parsed, recipe, context)
    contents = {
        document.name: {
            tuple(segment.text for unit in section.units for segment in unit) for section in document.sections
        }
        for document in documents
    }
    sides: dict[str, set[tuple[str, ...]]] = {"train": set(), "test": set()}
    for instance in made.instances:
        names = {segment.document for one in instance.chunks for segment in one.segments}
        assert 2 <= len(names) <= 3
        assert sum(len(contents[name]) for name in names) == len(set().union(*(contents[n] for n in names)))
        for name in names:
            sides[instance.split] |= contents[name]
    assert not sides["train"] & sides["test"]
    check(parsed, made, recipe, context)


BOOKS = st.lists(
    st.lists(st.tuples(st.lists(TEXTS, min_size=1, max_size=6), GAPS), min_size=1, max_size=6),
    min_size=1,
    max_size=3,
)


@MANY
@given(BOOKS, st.integers(128, 500), st.integers(1, 4), st.integers(0, 5))
def test_books(
    context: Context, made_books: list[list[tuple[list[str], str]]], most: int, least: int, more: int
) -> None:
    books = []
    for number, chapters in enumerate(made_books):
        text, spans = "", []
        for place, (texts, gap) in enumerate(chapters):
            body = gap.join(texts) + gap
            spans.append((len(text), len(text) + len(body), f"CHAPTER {place}"))
            text += body
        books.append(Book(f"b{number}", f"b{number}.txt", text, spans))
    recipe = BookChunking(recipe="books", max_tokens=most, min_chunks=least, max_chunks=least + more)
    parsed = Parsed(books=books)
    made = chunk(parsed, recipe, context)
    check(parsed, made, recipe, context)
    assert all(least <= len(one.chunks) <= least + more for one in made.instances)


def make_examples(labels: dict[str, list[str]]) -> list[Segment]:
    ids = SegmentIds("made", "pool")
    return [
        Segment(ids.next(text), Span("f", "", 0, len(text)), "pool", label, None, None, label, text)
        for label, texts in labels.items()
        for text in texts
    ]


LABELS = st.dictionaries(
    st.sampled_from(["x", "y", "z", "w"]),
    st.lists(SHORT, min_size=2, max_size=30, unique=True),
    min_size=2,
)


@MANY
@given(LABELS, st.integers(1, 4), st.integers(128, 260))
def test_examples(context: Context, labels: dict[str, list[str]], chunks: int, most: int) -> None:
    examples = make_examples(labels)
    recipe = ExampleChunking(recipe="examples", instances=3, chunks=chunks, max_tokens=most, min_examples=2)
    try:
        made = chunk(Parsed(examples=examples), recipe, context)
    except MemcurateError:
        assume(False)
    sides: dict[str, set[str]] = {"train": set(), "test": set()}
    assert [one.split for one in made.instances] == ["train", "train", "test"]
    for instance in made.instances:
        shown = [segment for one in instance.chunks for segment in one.segments]
        assert len({segment.id for segment in shown}) == len(shown)
        assert {segment.label for segment in shown} == set(labels)
        assert len(instance.chunks) == chunks
        assert all(one.tokens == context.tokenizer.count(one.text) <= most for one in instance.chunks)
        sides[instance.split] |= {segment.id for segment in shown}
    assert not sides["train"] & sides["test"]
    assert {one.id for one in made.pool} == {one.id for one in examples}


@pytest.mark.parametrize(
    ("labels", "chunks", "message"),
    [
        ({"x": ["one"], "y": ["two"]}, 1, "no label has chunking.min_examples"),
        ({"x": ["one", "two"], "y": ["three", "four"]}, 5, "lower chunks or max_tokens"),
        ({f"l{n}": [f"{n} word" * 30, f"{n} other" * 30] for n in range(9)}, 1, "raise chunks or max_tokens"),
    ],
)
def test_impossible_pools_are_named(
    context: Context, labels: dict[str, list[str]], chunks: int, message: str
) -> None:
    recipe = ExampleChunking(recipe="examples", instances=2, chunks=chunks, max_tokens=128, min_examples=2)
    with pytest.raises(MemcurateError, match=message):
        chunk(Parsed(examples=make_examples(labels)), recipe, context)
