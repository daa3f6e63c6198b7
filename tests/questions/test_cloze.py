"""Cloze questions: which are asked, in which words, and that the answer gives the sentence back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ids import short_id
from pipeline.params import Questions
from pipeline.questions.made import questions_of
from pipeline.schema import BLANK, Instance, Question, Span
from pipeline.text.sentences import SentenceSplitter
from tests.questions.making import make_told, make_usage

USAGE = make_usage("Utah Mexico Japan Isaac Nantucket", "trumpet", "so i think i do")

UTAH = "I moved to Utah with a tired brother and a loud dog."
BRASS = "I play the trumpet in the band on rainy weekends."
MEXICO = "My brother served in Mexico and loved the weather."
KIN = "I have 3 brothers, a loud father and a tired mother."
NAMED = "The wife of that sailor had a son named Isaac, an honest boy."
ISLE = "The ship of the old fisherman sailed from Nantucket in winter."

Asking = Callable[[Instance, int], list[Question]]


@pytest.fixture(scope="module")
def ask(assets: Path) -> Asking:
    splitter = SentenceSplitter(assets / "nltk")

    def clozes(instance: Instance, most: int) -> list[Question]:
        wanted = Questions(carried=False, held_out=0, summary=False, cloze=most)
        rows = list(questions_of(instance, wanted, USAGE, splitter))
        assert {row.instance for row in rows} <= {instance.id}
        return [row.question for row in rows]

    return clozes


def filled(question: Question) -> str:
    """The sentence that the answer gives back."""
    before, after = question.text.rpartition("\n")[2].split(BLANK)
    return before + question.answers[0] + after


def test_asked_of_a_chat(ask: Asking) -> None:
    (question,) = ask(make_told({"made/a": "Hi!"}, {"made/b": f"Oh.\n{UTAH}"}, speaker="Ann"), 3)
    text = (
        "What is missing in this sentence, which Ann wrote at 2024-01-01 12:00?\n"
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
        raw=Span("f.json", "/made/b", 4, 4 + len(UTAH)),
    )


@pytest.mark.parametrize(
    ("section", "lead"),
    [(None, "2024-01-01 in book"), ("Chapter 3", "2024-01-01 in book, Chapter 3")],
)
def test_asked_of_a_book(section: str | None, lead: str, ask: Asking) -> None:
    (question,) = ask(make_told({"made/a": f"3:16 {NAMED}"}, section=section), 3)
    assert question.text == (
        f"What is missing in this sentence, which the user read on {lead}?\n"
        "The wife of that sailor had a son named ____, an honest boy."
    )
    assert question.raw == Span("f.json", "/made/a", 5, 5 + len(NAMED))
    assert (question.kind, question.answers) == ("name", ["Isaac"])


@pytest.mark.parametrize("most", [0, 1, 2, 3, 9])
def test_at_most_so_many_of_a_chunk_the_best_first(most: int, ask: Asking) -> None:
    """Of equals the first."""
    chunk = {"made/a": f"{KIN} {BRASS}", "made/b": f"{UTAH} {MEXICO}"}
    asked = [question.answers[0] for question in ask(make_told(chunk, speaker="Ann"), most)]
    assert asked == ["Utah", "trumpet", "Mexico", "3"][:most]


def test_every_chunk_has_its_share(ask: Asking) -> None:
    instance = make_told({"made/a": f"{UTAH} {KIN}"}, {"made/b": f"{KIN} {BRASS}"}, speaker="Ann")
    asked = [(one.answers[0], one.evidence_chunks) for one in ask(instance, 1)]
    assert asked == [("Utah", [0]), ("trumpet", [1])]


def test_the_same_answer_at_most_twice(ask: Asking) -> None:
    """However it is written; the others of the chunk take its place."""
    again = [UTAH, UTAH.replace("Utah", "utah"), UTAH.replace("loud", "old")]
    chunks = [{f"made/{number}": f"{text} {BRASS}"} for number, text in enumerate(again)]
    asked = [(one.answers[0], one.evidence) for one in ask(make_told(*chunks, speaker="Ann"), 1)]
    assert asked == [("Utah", ["made/0"]), ("utah", ["made/1"]), ("trumpet", ["made/2"])]


def test_only_the_most_promising_are_looked_at(ask: Asking) -> None:
    """Of thirteen sentences the one with the fewest names and numbers is left out, wherever it stands."""
    full = [f"I moved to Mexico in 19{age} with Isaac and {age} Welsh friends." for age in range(20, 32)]
    instance = make_told({"made/a": " ".join([*full[:5], BRASS, *full[5:]])}, speaker="Ann")
    assert "trumpet" not in [one.answers[0] for one in ask(instance, 13)]
    instance = make_told({"made/a": " ".join([*full[:5], BRASS, *full[6:]])}, speaker="Ann")
    assert "trumpet" in [one.answers[0] for one in ask(instance, 13)]


def test_words_of_the_whole_instance_are_counted(ask: Asking) -> None:
    """A name that the instance says often is worth less than another."""
    text = "My brother lived in Mexico and Japan, both hot in summer."
    assert ask(make_told({"made/a": text}, speaker="Ann"), 1)[0].answers == ["Mexico"]
    often = {"made/b": "Mexico? " * 31}
    assert ask(make_told({"made/a": text}, often, speaker="Ann"), 1)[0].answers == ["Japan"]


def test_equal_sentences_are_told_apart(ask: Asking) -> None:
    one, other = ask(make_told({"made/a": UTAH, "made/b": UTAH}, speaker="Ann"), 4)
    assert one.text == other.text
    assert one.id != other.id
    assert (one.evidence, other.evidence) == (["made/a"], ["made/b"])


SENTENCES = [UTAH, BRASS, MEXICO, KIN, NAMED, ISLE, UTAH.casefold(), f"3:16 {ISLE}"]
TEXTS = st.lists(st.sampled_from([*SENTENCES, "Hi!", "Why?", '"', ","]), min_size=1, max_size=4, unique=True)
CHUNKS = st.lists(st.lists(TEXTS.map("\n ".join), min_size=1, max_size=2), min_size=1, max_size=3)


@pytest.mark.parametrize("speaker", [None, "Ann"])
def test_any_instance(speaker: str | None, ask: Asking) -> None:
    """Bar: the answer fills the one blank to give the sentence back, which stands in its segment."""
    asked = 0

    @settings(deadline=None)  # the first call loads the rules
    @given(CHUNKS, st.integers(0, 3))
    def holds(chunks: list[list[str]], most: int) -> None:
        nonlocal asked
        numbers = iter(range(9))
        segments = [{f"made/{next(numbers)}": text for text in texts} for texts in chunks]
        questions = ask(make_told(*segments, speaker=speaker), most)
        asked += len(questions)
        texts = {identity: text for chunk in segments for identity, text in chunk.items()}
        assert len({one.id for one in questions}) == len(questions)
        for one in questions:
            assert one.text.count(BLANK) == 1
            text = texts[one.evidence[0]]
            assert filled(one) in " ".join(text.split())
            assert one.raw and " ".join(text[one.raw.start : one.raw.end].split()) == filled(one)
            assert sum(one.evidence_chunks == other.evidence_chunks for other in questions) <= most
            assert sum(one.answers[0].casefold() == other.answers[0].casefold() for other in questions) <= 2

    holds()
    assert asked
