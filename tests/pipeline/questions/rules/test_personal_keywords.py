"""Facts of a chat of two friends, whose words are too few for statistics: the sentence alone shows them."""

from collections import Counter
from pathlib import Path

import pytest

from pipeline.core.params import QuestionParams
from pipeline.questions.rules.facts import find_best_fact
from pipeline.questions.rules.personal_keywords import find_keywords
from pipeline.questions.rules.rule_based import count_instance_words, make_instance_questions
from pipeline.questions.rules.statements import is_whole, makes_statement
from pipeline.text.casing import WordStatistics
from pipeline.text.keywords import Keyword, SentenceTagger
from pipeline.text.sentences import SentenceSplitter
from tests.pipeline.questions.factories import (
    make_analyzed_sentence,
    make_document_instance,
    make_statistics,
    score_sentence,
)

NOTHING_KNOWN = WordStatistics()
CARELESS = make_statistics("", "", "so i think i do")

FACTS = [
    # names by their capitals
    ("I adopted a three-legged dog from the shelter in Marburg", "thing dog"),
    ("I have two tickets for the Radiohead concert in Berlin.", "place Berlin"),
        ("My sister moved to Lyon last week with her twins", "place Lyon"),
    ("I finally finished the novel by Elena Ferrante you gave me", "name Elena Ferrante"),
    ("I sold my old Vespa to a student from Leipzig", "place Leipzig"),
    ("My boss is opening a small bookshop in Kiel", "place Kiel"),
    ("I've been running along the Elbe with loud people from the choir", "name Elbe"),
    ("Owen accepted a badly paid job with Hart and Sons", None),  # a list, maybe
    ("We are driving to Oslo, Bergen and Narvik in the summer holidays", None),
    # names and places after a cue, in small letters
    ("we adopted a quiet cat named waffles yesterday morning", "name waffles"),
    ("i'm moving to denver in august with my cousin", "place denver"),
    ("my roommate is from alaska and he has a pet snake", "place alaska"),
    ("i'm moving to another flat in august with my cousin", "time august"),
    ("i live in fear of spiders since that summer holiday", None),
    # things
    ("I lost my wallet on the tram yesterday, cards and all", "thing wallet"),
    ("I also broke my coffee grinder so the week is going great", "thing coffee grinder"),
    ("i hurt my knee playing soccer with the church guys", "thing knee"),
    ("I lost my patience on the tram yesterday, and shouted", None),
    ("I never broke my arm on a tram, or a bus, or a boat", None),
    ("I bought a lot of cheese on the tram yesterday, and bread", None),
    # times of an occasion
    ("My flight lands in the evening at 18:40, please be there", "time 18:40"),
    ("We were tired and watched the neighbours at 18:40, all of us", None),
    ("My class is from 5:00 to 7:30 and the party comes later", "time 7:30"),
    # sums and spans, but no rates or estimates
    ("I spent 8 months in that town with loud neighbours", "number 8"),
    ("I rented rooms for 8 weeks in that town with loud neighbours", None),
    # another's clause, or nobody's
    ("The buzz of a razor in America plays in the key of Pomona", None),
    ("I heard that some company or other has offices in Pomona", None),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "expected"), FACTS)
def test_the_fact_of_a_sentence_in_a_small_chat(sentence: str, expected: str | None) -> None:
    analyzed = make_analyzed_sentence(sentence, NOTHING_KNOWN, speaker="Ann")
    fact = None
    if score_sentence(analyzed.sentence):
        fact = find_best_fact(analyzed, SentenceTagger(NOTHING_KNOWN), Counter())
    assert (f"{fact.kind} {fact.text}" if fact else None) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("We met Dr. Yilmaz and sang for her", ["Dr. Yilmaz"]),
        ("We drank at St. Oswald's and sang", ["St. Oswald"]),
        ("We read The Lord of the Rings to her", ["The Lord of the Rings"]),
        ("we met Yilmaz and sang for her", []),  # a sentence in small letters says nothing by its capitals
        ("Yesterday i met Yilmaz and sang for her", []),
        ("We told THEM ABOUT Yilmaz and sang", []),
        ("We met Mom and sang for her on Monday", []),
        ("We sang A LOT for her", []),
    ],
)
def test_names_by_capitals(sentence: str, expected: list[str]) -> None:
    assert [one.text for one in find_keywords(sentence, [], NOTHING_KNOWN)] == expected


def test_a_word_that_the_source_writes_small_is_no_name() -> None:
    sentence = "We went to the Store and sang"
    assert [one.text for one in find_keywords(sentence, [], NOTHING_KNOWN)] == ["Store"]
    assert not find_keywords(sentence, [], make_statistics("", "store"))


def test_a_single_capital_of_a_careless_source_is_a_place_only() -> None:
    """There it is often a slip of dictation."""
    assert CARELESS.has_careless_casing
    assert not find_keywords("We sang with Yilmaz all night", [], CARELESS)
    assert [one.text for one in find_keywords("We sang in Yilmaz all night", [], CARELESS)] == ["Yilmaz"]


def test_no_keyword_overlaps_a_known_one() -> None:
    sentence = "We met Anna Yilmaz in Bonn"
    known = [Keyword(7, 11, "Anna", "name")]
    assert [one.text for one in find_keywords(sentence, known, NOTHING_KNOWN)] == ["Bonn"]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Owen passed his exam", True),
        ("They passed the salt", False),
        ("my best friend just got married", True),
        ("is moved by it", False),  # `is` is not `I's`
        ("our rent was raised", True),
        ("I'm heading to bed", True),
        ("the weather turned", False),
    ],
)
def test_a_statement_is_about_a_person(sentence: str, expected: bool) -> None:
    assert makes_statement(sentence) == expected


@pytest.mark.parametrize(
    ("sentence", "text", "expected"),
    [
        ("We saw Zero and Horizon", "Zero", False),
        ("We saw Horizon Zero Dawn", "Zero", False),
        ("We saw the BBC", "BBC", False),
        ("We saw Bonn in May", "Bonn", True),
    ],
)
def test_parts_of_names_and_lists_are_not_whole(sentence: str, text: str, expected: bool) -> None:
    start = sentence.index(text)
    assert is_whole(Keyword(start, start + len(text), text, "name"), sentence) == expected


CHAT = """
Did you survive the move? | Barely. The new flat has no lift. | Send pictures immediately | Haha | Ok
I adopted a three-legged dog from the shelter in Marburg | My sister moved to Lyon last week with the twins
I lost my wallet on the tram yesterday, cards and all | I sold my old Vespa to a student from Leipzig
"""


def test_a_chat_of_two_friends_gives_questions(assets: Path) -> None:
    messages = [text.strip() for line in CHAT.strip().split("\n") for text in line.split("|")]
    instance = make_document_instance(
        {f"made/{number}": text for number, text in enumerate(messages)}, speaker="Ann"
    )
    config = QuestionParams(source=False, label=0, summary=False, cloze=5)
    tagger = SentenceTagger(count_instance_words([instance]))
    rows = make_instance_questions(instance, config, tagger, SentenceSplitter(assets / "nltk"))
    assert {row.question.answers[0] for row in rows} == {"Marburg", "Lyon", "wallet", "Leipzig"}
