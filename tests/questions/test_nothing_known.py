"""Where a source knows no times, speakers, sections or titles, no text shows a trace of them."""

import re
from pathlib import Path

import pytest

from pipeline.chunking import Chunked, Context, chunk
from pipeline.documents import Book, Document, Parsed, Section
from pipeline.params import (
    BookChunking,
    Chunking,
    ContextChunking,
    ConversationChunking,
    EventChunking,
    ExampleChunking,
    GatheredChunking,
    PassageChunking,
    Questions,
    SessionChunking,
)
from pipeline.questions.held_out import ask_labels
from pipeline.questions.made import questions_of
from pipeline.questions.summary import asked_for
from pipeline.rendering import shown_day
from pipeline.schema import Instance, Question, Segment, Span
from pipeline.text.sentences import SentenceSplitter
from tests.chunking.test_recipes import asked
from tests.questions.making import make_usage
from tests.training.making import words
from training.episodes import play
from training.policies.scripted import ScriptedWriter
from training.schema import ChunkToRead, InstanceToPlay, SegmentTime
from training.stretching import stretched

USAGE = make_usage("Utah Mexico Japan Isaac Nantucket", "trumpet", "so i think i do")
TEXTS = [
    "I moved to Utah with a tired brother and a loud dog.",
    "My brother served in Mexico and loved the weather.",
    "The wife of that sailor had a son named Isaac, an honest boy.",
    "The ship of the old fisherman sailed from Nantucket in winter.",
]
CONVERSATIONS = ConversationChunking(recipe="conversations", max_tokens=128, min_chunks=1, max_chunks=9)
EVENTS = EventChunking(recipe="events", max_tokens=128, min_chunks=1, max_chunks=9)
RECIPES: list[Chunking] = [
    CONVERSATIONS,
    EVENTS,
    SessionChunking(
        recipe="sessions",
        max_tokens=128,
        min_questions=2,
        max_questions=3,
        min_instance_tokens=1,
        max_instance_tokens=100_000,
    ),
    PassageChunking(recipe="passages", max_tokens=128, min_target=100, min_chunks=1, max_chunks=9),
    GatheredChunking(
        recipe="gathered",
        max_tokens=128,
        min_target=100,
        instance_tokens=300,
        min_chunks=1,
        max_chunks=9,
    ),
    ContextChunking(recipe="contexts", max_tokens=128, shown_as="passages"),
    BookChunking(recipe="books", max_tokens=128, min_chunks=1, max_chunks=9),
    ExampleChunking(recipe="examples", instances=2, chunks=1, max_tokens=128, min_examples=2),
]
TRACE = re.compile(r"None|null|(?<! )  (?! )|\b(?:at|on|in|from|to|by)\s*[?:\]\n,]|Title: *\n|< *>|\( *\)")


def segment(name: str, number: int, speaker: str | None, label: str | None = None) -> Segment:
    text = f"{TEXTS[number % len(TEXTS)]} {name} {number}."
    raw = Span("f.json", f"/{name}/{number}", 0, len(text))
    return Segment(f"made/{name}{number}", raw, name, label, speaker, None, label, text)


def parsed(speaker: str | None) -> Parsed:
    """Documents, a book and labelled examples; all that need not be known is not."""
    documents = []
    for name in ("alpha", "beta", "gamma", "delta"):
        units = [[segment(name, number, speaker)] for number in range(8)]
        documents.append(Document(name, [Section("", units[:3]), Section("", units[3:])]))
    text = " ".join(TEXTS * 9)
    examples = [segment("pool", number, None, f"l{number % 2}") for number in range(12)]
    questions = [asked(0, [documents[0].segments[0].id, documents[1].segments[0].id])]
    return Parsed([Book("book", "b.txt", text, [(0, len(text), "")])], documents, examples, questions)


def made_questions(chunked: Chunked, instance: Instance, splitter: SentenceSplitter) -> list[Question]:
    wanted = Questions(carried=False, held_out=0, summary=True, cloze=3)
    rows = list(questions_of(instance, wanted, USAGE, splitter))
    rows += ask_labels(chunked.pool, [instance], 3, 20, "made") if instance.labels else []
    return [row.question for row in rows]


@pytest.mark.parametrize("speaker", [None, "", "Ann"])
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.recipe)
def test_every_recipe_and_every_question(
    recipe: Chunking, speaker: str | None, context: Context, assets: Path
) -> None:
    chunked = chunk(parsed(speaker), recipe, context)
    splitter = SentenceSplitter(assets / "nltk")
    assert chunked.instances
    origins = set()
    for instance in chunked.instances:
        for one in instance.chunks:
            assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", one.time)
            assert not TRACE.search(one.text), one.text
        questions = made_questions(chunked, instance, splitter)
        origins |= {question.origin for question in questions}
        for question in questions:
            assert not TRACE.search(question.text), question.text
            # What is asked names no day that nobody can have read.
            for day in re.findall(r"\d{4}-\d\d-\d\d", question.text):
                assert any(day in one.text for one in instance.chunks)
    assert {"cloze"} <= origins or recipe.recipe == "examples"


def test_what_stands_above_an_undated_conversation(context: Context) -> None:
    (first, *_), *_ = (one.chunks for one in chunk(parsed("Ann"), CONVERSATIONS, context).instances)
    assert first.text.startswith(f"[Dialogue]\n<Ann> {TEXTS[0]}")
    assert shown_day(first) is None
    (first, *_), *_ = (one.chunks for one in chunk(parsed(None), CONVERSATIONS, context).instances)
    assert first.text.startswith(f"[Event happened]\n{TEXTS[0]}")


def test_what_is_asked_of_an_undated_conversation(context: Context, assets: Path) -> None:
    splitter = SentenceSplitter(assets / "nltk")
    for speaker, lead in (("Ann", "which Ann wrote?\n"), (None, "which the user read in ")):
        chunked = chunk(parsed(speaker), CONVERSATIONS, context)
        instance = chunked.instances[0]
        clozes = [one for one in made_questions(chunked, instance, splitter) if one.origin == "cloze"]
        assert clozes
        assert all(f"What is missing in this sentence, {lead}" in one.text for one in clozes)
        assert asked_for(instance).startswith("Summarise what the user read: who and what,")


def test_the_first_time_known_is_a_chunks_time(context: Context) -> None:
    made = parsed("Ann")
    made.documents[0].segments[1].time = "2020-05-06 07:08"
    chunked = chunk(made, CONVERSATIONS, context)
    (instance,) = (one for one in chunked.instances if one.document == "alpha")
    assert instance.chunks[0].time == "2020-05-06 07:08"
    assert [one.time[:10] for one in instance.chunks[1:]] == [
        f"2024-01-{number + 1:02}" for number in range(1, len(instance.chunks))
    ]


def test_a_session_without_a_time_stays_after_the_one_before_it(context: Context) -> None:
    made = Parsed()
    for name, times in (("alpha", [None, "2020-01-02", None]), ("beta", ["2020-01-01", "2020-01-03", None])):
        sections = []
        for number, time in enumerate(times):
            one = segment(name, number, "Ann")
            one.time = f"{time} 00:00" if time else None
            one.section = f"{name} {number}"
            sections.append(Section(one.section, [[one]]))
        made.documents.append(Document(name, sections))
    recipe = RECIPES[2]
    texts = [
        " ".join(one.text for one in instance.chunks) for instance in chunk(made, recipe, context).instances
    ]
    (text,) = (text for text in texts if "alpha" in text and "beta" in text)
    order = re.findall(r"(?:alpha|beta) \d", text)
    assert order == ["beta 0", "alpha 0", "alpha 1", "alpha 2", "beta 1", "beta 2"]


def test_the_scripted_writer_keeps_who_said_it(context: Context, assets: Path) -> None:
    instance = chunk(parsed("Ann"), CONVERSATIONS, context).instances[0]
    chunks = [
        ChunkToRead(one.text, one.tokens, one.time, [SegmentTime(None)] * len(one.segments))
        for one in instance.chunks
    ]
    to_play = InstanceToPlay(instance.id, "made", "test", instance.tokens, chunks, [])
    (played,) = play(ScriptedWriter(assets), [to_play], 512, words)
    entries = list(played.entries())
    assert entries[0].id == "s1"
    assert entries[0].text.startswith(f"Ann: {TEXTS[0]}")
    assert all(call.applied for step in played.steps for call in step.calls)
    whole = stretched([to_play, to_play], [], instance.tokens * 2, 5, 7)
    assert whole is not None
    assert len(whole.chunks) == 2 * len(chunks)
