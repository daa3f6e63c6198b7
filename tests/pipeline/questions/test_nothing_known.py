"""Sources without times, speakers, sections or titles: their texts show no trace of missing values."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.chunking import ChunkedSource, ChunkingContext, chunk_source
from pipeline.core.dates import displayed_date
from pipeline.core.params import (
    BookChunking,
    Chunking,
    ConversationChunking,
    EventChunking,
    ExampleChunking,
    LinkedArticleChunking,
    PassageChunking,
    QuestionParams,
    SessionChunking,
    WholeDocumentChunking,
)
from pipeline.core.schema import Instance, Question, Segment, Span
from pipeline.questions.label_questions import make_label_questions
from pipeline.questions.rules.rule_based import make_instance_questions
from pipeline.questions.rules.summary import summary_question_text
from pipeline.sources.parsed import Book, Document, ParsedSource, Section
from pipeline.text.keywords import SentenceTagger
from pipeline.text.sentences import SentenceSplitter
from tests.pipeline.chunking.factories import make_source_question
from tests.pipeline.questions.factories import make_statistics
from tests.training.factories import count_words
from training.evaluation.concatenation import concatenate_instances
from training.memory.schema import EpisodeChunk, EpisodeInput, SegmentTime
from training.policies.run_episodes import run_episodes
from training.policies.scripted import ScriptedPolicy

STATISTICS = make_statistics("Utah Mexico Japan Isaac Nantucket", "trumpet", "so i think i do")
TEXTS = [
    "I moved to Utah with a tired brother and a loud dog.",
    "My brother served in Mexico and loved the weather.",
    "The wife of that sailor had a son named Isaac, an honest boy.",
    "The ship of the old fisherman sailed from Nantucket in winter.",
]
CONVERSATIONS = ConversationChunking(strategy="conversations", max_tokens=128, min_chunks=1, max_chunks=9)
EVENTS = EventChunking(strategy="events", max_tokens=128, min_chunks=1, max_chunks=9)
STRATEGIES: list[Chunking] = [
    CONVERSATIONS,
    EVENTS,
    SessionChunking(
        strategy="sessions",
        max_tokens=128,
        min_questions=2,
        max_questions=3,
        min_instance_tokens=1,
        max_instance_tokens=100_000,
    ),
    PassageChunking(strategy="passages", max_tokens=128, min_chunk_tokens=100, min_chunks=1, max_chunks=9),
    LinkedArticleChunking(
        strategy="linked_articles",
        max_tokens=128,
        min_chunk_tokens=100,
        target_instance_tokens=300,
        min_chunks=1,
        max_chunks=9,
    ),
    WholeDocumentChunking(strategy="whole_documents", max_tokens=128, prompt_style="passages"),
    BookChunking(strategy="books", max_tokens=128, min_chunks=1, max_chunks=9),
    ExampleChunking(strategy="examples", instances=2, chunks=1, max_tokens=128, min_examples=2),
]
TRACE = re.compile(r"None|null|(?<! )  (?! )|\b(?:at|on|in|from|to|by)\s*[?:\]\n,]|Title: *\n|< *>|\( *\)")


def make_segment(name: str, number: int, speaker: str | None, label: str | None = None) -> Segment:
    text = f"{TEXTS[number % len(TEXTS)]} {name} {number}."
    raw = Span("f.json", f"/{name}/{number}", 0, len(text))
    return Segment(f"made/{name}{number}", raw, name, label, speaker, None, label, text)


def make_parsed(speaker: str | None) -> ParsedSource:
    """Make documents, a book and labelled examples without optional values."""
    documents = []
    for name in ("alpha", "beta", "gamma", "delta"):
        units = [[make_segment(name, number, speaker)] for number in range(8)]
        documents.append(Document(name, [Section("", units[:3]), Section("", units[3:])]))
    text = " ".join(TEXTS * 9)
    examples = [make_segment("pool", number, None, f"l{number % 2}") for number in range(12)]
    questions = [make_source_question(0, [documents[0].segments[0].id, documents[1].segments[0].id])]
    return ParsedSource([Book("book", "b.txt", text, [(0, len(text), "")])], documents, examples, questions)


def make_questions(chunked: ChunkedSource, instance: Instance, splitter: SentenceSplitter) -> list[Question]:
    config = QuestionParams(source=False, label=0, summary=True, cloze=3)
    rows = list(make_instance_questions(instance, config, SentenceTagger(STATISTICS), splitter))
    rows += (
        make_label_questions(chunked.labelled_examples, [instance], 3, 20, "made") if instance.labels else []
    )
    return [row.question for row in rows]


@pytest.mark.parametrize("speaker", [None, "", "Ann"])
@pytest.mark.parametrize("chunking", STRATEGIES, ids=lambda chunking: chunking.strategy)
def test_no_strategy_and_question_shows_a_missing_value(
    chunking: Chunking, speaker: str | None, context: ChunkingContext, assets: Path
) -> None:
    chunked = chunk_source(make_parsed(speaker), chunking, context)
    splitter = SentenceSplitter(assets / "nltk")
    assert chunked.instances
    origins = set()
    for instance in chunked.instances:
        for one in instance.chunks:
            assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", one.time)
            assert not TRACE.search(one.text), one.text
        questions = make_questions(chunked, instance, splitter)
        origins |= {question.origin for question in questions}
        for question in questions:
            assert not TRACE.search(question.text), question.text
            # A question names only dates that its chunks show.
            for day in re.findall(r"\d{4}-\d\d-\d\d", question.text):
                assert any(day in one.text for one in instance.chunks)
    assert {"cloze"} <= origins or chunking.strategy == "examples"


def test_an_undated_conversation_has_no_date_in_its_heading(context: ChunkingContext) -> None:
    (first, *_), *_ = (
        one.chunks for one in chunk_source(make_parsed("Ann"), CONVERSATIONS, context).instances
    )
    assert first.text.startswith(f"[Dialogue]\n<Ann> {TEXTS[0]}")
    assert displayed_date(first) is None
    (first, *_), *_ = (
        one.chunks for one in chunk_source(make_parsed(None), CONVERSATIONS, context).instances
    )
    assert first.text.startswith(f"[Event happened]\n{TEXTS[0]}")


def test_questions_about_an_undated_conversation_have_no_date(context: ChunkingContext, assets: Path) -> None:
    splitter = SentenceSplitter(assets / "nltk")
    for speaker, lead in (("Ann", "which Ann wrote?\n"), (None, "which the user read in ")):
        chunked = chunk_source(make_parsed(speaker), CONVERSATIONS, context)
        instance = chunked.instances[0]
        clozes = [one for one in make_questions(chunked, instance, splitter) if one.origin == "cloze"]
        assert clozes
        assert all(f"What is missing in this sentence, {lead}" in one.text for one in clozes)
        assert summary_question_text(instance).startswith("Summarise what the user read: who and what,")


def test_the_first_known_time_is_the_time_of_a_chunk(context: ChunkingContext) -> None:
    made = make_parsed("Ann")
    made.documents[0].segments[1].time = "2020-05-06 07:08"
    chunked = chunk_source(made, CONVERSATIONS, context)
    (instance,) = (one for one in chunked.instances if one.document == "alpha")
    assert instance.chunks[0].time == "2020-05-06 07:08"
    assert [one.time[:10] for one in instance.chunks[1:]] == [
        f"2024-01-{number + 1:02}" for number in range(1, len(instance.chunks))
    ]


def test_a_session_without_a_time_stays_after_the_one_before_it(context: ChunkingContext) -> None:
    made = ParsedSource()
    all_times = {
        "alpha": [None, "2020-01-02", None],
        "beta": ["2020-01-01", "2020-01-03", None],
        "gamma": [None],  # some seed draws it into test
    }
    for name, times in all_times.items():
        sections = []
        for number, time in enumerate(times):
            one = make_segment(name, number, "Ann")
            one.time = f"{time} 00:00" if time else None
            one.section = f"{name} {number}"
            sections.append(Section(one.section, [[one]]))
        made.documents.append(Document(name, sections))
    chunking = STRATEGIES[2]
    texts = [
        " ".join(one.text for one in instance.chunks)
        for seed in range(20)
        for instance in chunk_source(made, chunking, replace(context, seed=seed)).instances
    ]
    text = next(text for text in texts if "alpha" in text and "beta" in text)
    order = re.findall(r"(?:alpha|beta) \d", text)
    assert order == ["beta 0", "alpha 0", "alpha 1", "alpha 2", "beta 1", "beta 2"]


def test_the_scripted_policy_stores_the_speaker(context: ChunkingContext, assets: Path) -> None:
    instance = chunk_source(make_parsed("Ann"), CONVERSATIONS, context).instances[0]
    chunks = [
        EpisodeChunk(one.text, one.tokens, one.time, [SegmentTime(None)] * len(one.segments))
        for one in instance.chunks
    ]
    episode = EpisodeInput(instance.id, "made", "test", instance.tokens, chunks, [])
    (trajectory,) = run_episodes(ScriptedPolicy(assets), [episode], 512, count_words)
    entries = list(trajectory.stored_entries())
    assert entries[0].id == "s1"
    assert entries[0].text.startswith(f"Ann: {TEXTS[0]}")
    assert all(call.applied for step in trajectory.steps for call in step.calls)
    whole = concatenate_instances([episode, episode], [], instance.tokens * 2, 5, 7)
    assert whole is not None
    assert len(whole.chunks) == 2 * len(chunks)
