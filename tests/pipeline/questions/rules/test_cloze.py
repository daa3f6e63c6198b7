"""Cloze questions: their choice, their wording, and that the answer completes the sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.ids import short_id
from pipeline.core.params import QuestionParams
from pipeline.core.schema import BLANK, Instance, Question, Span
from pipeline.questions.rules.rule_based import make_instance_questions
from pipeline.text.keywords import SentenceTagger
from pipeline.text.sentences import SentenceSplitter
from tests.pipeline.questions.factories import make_document_instance, make_instance, make_statistics

STATISTICS = make_statistics("Utah Mexico Japan Isaac Nantucket", "trumpet", "so i think i do")

UTAH = "I moved to Utah with a tired brother and a loud dog."
BRASS = "I play the trumpet in the band on rainy weekends."
MEXICO = "My brother served in Mexico and loved the weather."
KIN = "I have 3 brothers, a loud father and a tired mother."
NAMED = "The wife of that sailor had a son named Isaac, an honest boy."
ISLE = "The ship of the old fisherman sailed from Nantucket in winter."

MakeClozes = Callable[[Instance, int], list[Question]]


@pytest.fixture(scope="module")
def make_clozes(assets: Path) -> MakeClozes:
    splitter = SentenceSplitter(assets / "nltk")

    def make(instance: Instance, max_per_chunk: int) -> list[Question]:
        config = QuestionParams(source=False, label=0, summary=False, cloze=max_per_chunk)
        rows = list(make_instance_questions(instance, config, SentenceTagger(STATISTICS), splitter))
        assert {row.instance for row in rows} <= {instance.id}
        return [row.question for row in rows]

    return make


def fill_blank(question: Question) -> str:
    """Put the answer into the blank."""
    before, after = question.text.rpartition("\n")[2].split(BLANK)
    return before + question.answers[0] + after


def test_a_cloze_of_a_chat_names_speaker_and_time(make_clozes: MakeClozes) -> None:
    (question,) = make_clozes(
        make_document_instance({"made/a": "Hi!"}, {"made/b": f"Oh.\n{UTAH}"}, speaker="Ann"), 3
    )
    text = (
        "What is missing in this sentence, which Ann wrote in the dialogue at 2024-01-01 12:00?\n"
        "I moved to ____ with a tired brother and a loud dog."
    )
    assert question == Question(
        id=short_id("made", text, "Utah", "made/b"),
        text=text,
        answers=["Utah"],
        metric="contains",
        origin="cloze",
        kind="place",
        time=None,
        evidence=["made/b"],
        evidence_chunks=[1],
        source_span=Span("f.json", "/made/b", 4, 4 + len(UTAH)),
    )


@pytest.mark.parametrize(
    ("section", "lead"),
    [(None, "2024-01-01 in book"), ("Chapter 3", "2024-01-01 in book, Chapter 3")],
)
def test_a_cloze_of_a_book_names_date_and_section(
    section: str | None, lead: str, make_clozes: MakeClozes
) -> None:
    (question,) = make_clozes(make_document_instance({"made/a": f"3:16 {NAMED}"}, section=section), 3)
    assert question.text == (
        f"What is missing in this sentence, which the user read on {lead}?\n"
        "The wife of that sailor had a son named ____, an honest boy."
    )
    assert question.source_span == Span("f.json", "/made/a", 5, 5 + len(NAMED))
    assert (question.kind, question.answers) == ("name", ["Isaac"])


@pytest.mark.parametrize("max_per_chunk", [0, 1, 2, 3, 9])
def test_a_chunk_has_at_most_max_per_chunk_questions_best_first(
    max_per_chunk: int, make_clozes: MakeClozes
) -> None:
    """Of equal facts the first comes first."""
    chunk = {"made/a": f"{KIN} {BRASS}", "made/b": f"{UTAH} {MEXICO}"}
    answers = [
        question.answers[0]
        for question in make_clozes(make_document_instance(chunk, speaker="Ann"), max_per_chunk)
    ]
    assert answers == ["Utah", "trumpet", "Mexico", "3"][:max_per_chunk]


def test_each_chunk_has_its_own_maximum(make_clozes: MakeClozes) -> None:
    instance = make_document_instance(
        {"made/a": f"{UTAH} {KIN}"}, {"made/b": f"{KIN} {BRASS}"}, speaker="Ann"
    )
    answers = [(one.answers[0], one.evidence_chunks) for one in make_clozes(instance, 1)]
    assert answers == [("Utah", [0]), ("trumpet", [1])]


def test_an_answer_is_used_at_most_twice(make_clozes: MakeClozes) -> None:
    """Its case does not matter; other facts of the chunk take its place."""
    again = [UTAH, UTAH.replace("Utah", "utah"), UTAH.replace("loud", "old")]
    chunks = [{f"made/{number}": f"{text} {BRASS}"} for number, text in enumerate(again)]
    answers = [
        (one.answers[0], one.evidence)
        for one in make_clozes(make_document_instance(*chunks, speaker="Ann"), 1)
    ]
    assert answers == [("Utah", ["made/0"]), ("utah", ["made/1"]), ("trumpet", ["made/2"])]


def test_only_the_twelve_most_promising_sentences_are_analyzed(make_clozes: MakeClozes) -> None:
    """Of thirteen sentences the one with the fewest names and numbers is left out, wherever it is."""
    full = [f"I moved to Mexico in 19{age} with Isaac and {age} Welsh friends." for age in range(20, 32)]
    instance = make_document_instance({"made/a": " ".join([*full[:5], BRASS, *full[5:]])}, speaker="Ann")
    assert "trumpet" not in [one.answers[0] for one in make_clozes(instance, 13)]
    instance = make_document_instance({"made/a": " ".join([*full[:5], BRASS, *full[6:]])}, speaker="Ann")
    assert "trumpet" in [one.answers[0] for one in make_clozes(instance, 13)]


def test_words_are_counted_in_the_whole_instance(make_clozes: MakeClozes) -> None:
    """A name that the instance has often is worth less than another."""
    text = "My brother lived in Mexico and Japan, both hot in summer."
    assert make_clozes(make_document_instance({"made/a": text}, speaker="Ann"), 1)[0].answers == ["Mexico"]
    often = {"made/b": "Mexico? " * 31}
    assert make_clozes(make_document_instance({"made/a": text}, often, speaker="Ann"), 1)[0].answers == [
        "Japan"
    ]


def test_equal_sentences_have_different_ids(make_clozes: MakeClozes) -> None:
    one, other = make_clozes(make_document_instance({"made/a": UTAH, "made/b": UTAH}, speaker="Ann"), 4)
    assert one.text == other.text
    assert one.id != other.id
    assert (one.evidence, other.evidence) == (["made/a"], ["made/b"])


SENTENCES = [UTAH, BRASS, MEXICO, KIN, NAMED, ISLE, UTAH.casefold(), f"3:16 {ISLE}"]
TEXTS = st.lists(st.sampled_from([*SENTENCES, "Hi!", "Why?", '"', ","]), min_size=1, max_size=4, unique=True)
CHUNKS = st.lists(st.lists(TEXTS.map("\n ".join), min_size=1, max_size=2), min_size=1, max_size=3)


@pytest.mark.parametrize("speaker", [None, "Ann"])
def test_the_answer_completes_the_sentence_in_any_instance(
    speaker: str | None, make_clozes: MakeClozes
) -> None:
    """Bar: with the answer in its one blank, the sentence occurs in its segment."""
    num_questions = 0

    @settings(deadline=None)  # the first call loads the rules
    @given(CHUNKS, st.integers(0, 3))
    def holds(chunks: list[list[str]], max_per_chunk: int) -> None:
        nonlocal num_questions
        numbers = iter(range(9))
        segments = [{f"made/{next(numbers)}": text for text in texts} for texts in chunks]
        questions = make_clozes(make_document_instance(*segments, speaker=speaker), max_per_chunk)
        num_questions += len(questions)
        texts = {identity: text for chunk in segments for identity, text in chunk.items()}
        assert len({one.id for one in questions}) == len(questions)
        for one in questions:
            assert one.text.count(BLANK) == 1
            text = texts[one.evidence[0]]
            assert fill_blank(one) in " ".join(text.split())
            assert one.source_span and " ".join(
                text[one.source_span.start : one.source_span.end].split()
            ) == fill_blank(one)
            assert sum(one.evidence_chunks == other.evidence_chunks for other in questions) <= max_per_chunk
            assert sum(one.answers[0].casefold() == other.answers[0].casefold() for other in questions) <= 2

    holds()
    assert num_questions


def make_lead(instance: Instance, make_clozes: MakeClozes) -> str:
    (question,) = make_clozes(instance, 3)
    return question.text.partition("\n")[0]


def test_a_message_s_own_time_is_not_named(make_clozes: MakeClozes) -> None:
    """The chunk shows the time of the dialogue's first message alone."""
    instance = make_document_instance({"made/a": "Hi!", "made/b": UTAH}, speaker="Ann")
    instance.chunks[0].segments[1].time = "2024-01-01 12:24"
    expected = "What is missing in this sentence, which Ann wrote in the dialogue at 2024-01-01 12:00?"
    assert make_lead(instance, make_clozes) == expected


def test_a_dialogue_without_a_time_in_its_heading_has_none_in_the_question(make_clozes: MakeClozes) -> None:
    instance = make_instance("made/i", {"made/a": UTAH}, opening="[Dialogue]")
    segment = instance.chunks[0].segments[0]
    segment.speaker, segment.time = "Ann", "2024-01-01 12:00"
    assert make_lead(instance, make_clozes) == "What is missing in this sentence, which Ann wrote?"


def test_the_time_is_that_of_the_heading_of_its_own_section(make_clozes: MakeClozes) -> None:
    instance = make_document_instance(
        {"made/a": "Hi! [Dialogue at timestamp 2024-01-03 09:00]", "made/b": UTAH}
    )
    for number, segment in enumerate(instance.chunks[0].segments):
        segment.speaker, segment.section, segment.time = (
            "Ann",
            f"day {number}",
            f"2024-01-0{number + 2} 09:00",
        )
    expected = "What is missing in this sentence, which Ann wrote?"  # no heading stands above the second
    assert make_lead(instance, make_clozes) == expected
