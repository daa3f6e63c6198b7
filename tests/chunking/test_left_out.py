"""What no chunk has room for is a reject, in every recipe, and what stands beside it goes on."""

import pytest

from pipeline.chunking import Context, chunk
from pipeline.documents import Book, Document, Parsed
from pipeline.errors import MemcurateError
from pipeline.params import (
    BookChunking,
    Chunking,
    ContextChunking,
    ConversationChunking,
    EventChunking,
    GatheredChunking,
    PassageChunking,
    SessionChunking,
)
from pipeline.schema import Segment
from tests.chunking.test_recipes import make_document
from tests.test_real_corpora import expected_segments

ODD_NAME = "and so on " * 100  # over 128 tokens, where it stands above a text
RECIPES: dict[str, Chunking] = {
    "conversations": ConversationChunking(recipe="conversations", max_tokens=128, min_chunks=1, max_chunks=9),
    "events": EventChunking(recipe="events", max_tokens=128, min_chunks=1, max_chunks=9),
    "sessions": SessionChunking(
        recipe="sessions",
        max_tokens=128,
        min_questions=1,
        max_questions=2,
        min_instance_tokens=1,
        max_instance_tokens=600,
    ),
    "passages": PassageChunking(
        recipe="passages", max_tokens=128, min_target=100, min_chunks=1, max_chunks=9
    ),
    "gathered": GatheredChunking(
        recipe="gathered", max_tokens=128, min_target=100, instance_tokens=60, min_chunks=1, max_chunks=9
    ),
}


def document(name: str, of: str) -> Document:
    """Under its name as a title, or as a speaker."""
    short = name.replace(ODD_NAME, "odd")
    made = make_document(name, [[f"{short} text {n} of several."] for n in range(4)], speakers=True)
    for section in made.sections:
        for unit in section.units:
            for segment in unit:
                if of in ("passages", "gathered"):
                    segment.section = name
                else:
                    segment.speaker = name
    return made


def texts(segments: list[Segment]) -> list[str]:
    return [segment.text for segment in segments]


@pytest.mark.parametrize("name", RECIPES)
def test_a_document_under_an_odd_name(name: str, context: Context) -> None:
    good = [document(f"good {n}", name) for n in range(6)]
    odd = document(ODD_NAME, name)
    made = chunk(Parsed(documents=[*good[:3], odd, *good[3:]]), RECIPES[name], context)
    lost = [reject for reject in made.rejects if reject.reason == "no room in a chunk"]
    assert [segment for reject in lost for segment in texts(reject.segments)] == texts(odd.segments)
    assert all("max_tokens = 128" in reject.detail for reject in lost)
    shown = [
        part.text[segment.start : segment.end]
        for instance in made.instances
        for part in instance.chunks
        for segment in part.segments
    ]
    others = [text for reject in made.rejects if reject not in lost for text in texts(reject.segments)]
    assert sorted([*shown, *others]) == sorted(text for one in good for text in texts(one.segments))
    assert shown and all(instance.chunks for instance in made.instances)


@pytest.mark.parametrize("name", ["conversations", "events"])
def test_the_others_are_as_without_it(name: str, context: Context) -> None:
    good = [document(f"good {n}", name) for n in range(6)]
    alone = chunk(Parsed(documents=good), RECIPES[name], context)
    beside = chunk(Parsed(documents=[document(ODD_NAME, name), *good]), RECIPES[name], context)
    assert [one.id for one in beside.instances] == [one.id for one in alone.instances]


@pytest.mark.parametrize("name", RECIPES)
def test_a_budget_that_nothing_fits_into_is_an_error(name: str, context: Context) -> None:
    """It is the params that are wrong then, and not the documents."""
    with pytest.raises(MemcurateError, match=r"max_tokens = 128 has no room.*raise it"):
        odd = [document(f"{ODD_NAME} {n}", name) for n in range(4)]
        chunk(Parsed(documents=odd), RECIPES[name], context)


def test_pieces_of_any_context_fit(context: Context) -> None:
    recipe = ContextChunking(recipe="contexts", max_tokens=128, shown_as="passages")
    made = chunk(
        Parsed(documents=[document(ODD_NAME, "contexts"), document("b", "contexts")]), recipe, context
    )
    assert len(made.instances) == 2 and not made.rejects


RUNS = {
    "lines": "\n" * 3000,
    "no-break spaces": "\n\u00a0" * 2000 + "\n",
    "indented lines": "\n   \t" * 2000 + "\n",
    "spaces": " " * 40_000,
    "returns": "\r\n" * 2000,
    "returns alone": "\r" * 2000,
    "ideographic spaces": "\u3000" * 2000,
}
BOOK = BookChunking(recipe="books", max_tokens=128, min_chunks=1, max_chunks=9)


def book(name: str, text: str) -> Book:
    return Book(name, f"{name}.txt", text, [(0, len(text), "")])


@pytest.mark.parametrize("run", RUNS)
def test_a_run_of_white_space_in_a_book(run: str, context: Context) -> None:
    """White space that no chunk holds is left out; every sentence is there, where it stands."""
    odd = book("odd", f"One owl sat on a gate.{RUNS[run]}Two owls flew away. The gate stayed.")
    good = book("good", " ".join(f"Line {n} says something of little weight." for n in range(200)))
    made = chunk(Parsed(books=[good, odd]), BOOK, context)
    alone = chunk(Parsed(books=[good]), BOOK, context)
    assert [one.id for one in made.instances if one.document == "good"] == [one.id for one in alone.instances]
    shown = [
        (segment.raw.start, part.text[segment.start : segment.end])
        for instance in made.instances
        if instance.document == "odd"
        for part in instance.chunks
        for segment in part.segments
    ]
    assert [
        (span.start, text) for span, text in expected_segments(Parsed(books=[odd]), context)["odd"]
    ] == shown
    assert [text for _, text in shown] == [
        "One owl sat on a gate.",
        "Two owls flew away.",
        "The gate stayed.",
    ]
    assert not made.rejects
    for instance in made.instances:
        for part in instance.chunks:
            assert part.tokens == context.tokenizer.count(part.text) <= BOOK.max_tokens
            assert "gate.Two" not in part.text
