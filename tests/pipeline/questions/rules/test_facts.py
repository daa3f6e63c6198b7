"""The fact that is chosen in a sentence, or none: each rule is tested by a sentence that it decides."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.questions.rules import facts, narrative_facts
from pipeline.questions.rules.facts import Fact, find_best_fact
from pipeline.text.casing import WordStatistics
from pipeline.text.keywords import SentenceTagger
from pipeline.text.normalize import occurs_in
from tests.pipeline.questions.factories import make_analyzed_sentence, make_statistics, score_sentence

NAMES = "Utah Provo George Nintendo Japan Dawgs Spanish Lyme Mexico Naruto Xhosa"
NOUNS = """accounting basketball band cats dog google guitar kids lawyer movie nurse pumpkin russian school
stars team thumb trumpet"""
CHATS = make_statistics(NAMES, NOUNS, "so i think i do")  # i: a careless corpus
BOOKS = make_statistics("Ahab Frenchman George Isaac Nantucket Norwegian", "trumpet")

NONE: Counter[str] = Counter()


def chat_fact(sentence: str, counts: Counter[str] = NONE) -> Fact | None:
    """Return the fact of a sentence in a chat."""
    analyzed = make_analyzed_sentence(sentence, CHATS, speaker="Ann")
    return (
        find_best_fact(analyzed, SentenceTagger(CHATS), counts) if score_sentence(analyzed.sentence) else None
    )


def book_fact(sentence: str, counts: Counter[str] = NONE) -> Fact | None:
    """Return the fact of a sentence in a book."""
    analyzed = make_analyzed_sentence(sentence, BOOKS)
    return (
        find_best_fact(analyzed, SentenceTagger(BOOKS), counts) if score_sentence(analyzed.sentence) else None
    )


def kind_and_text(fact: Fact | None) -> tuple[str, str] | None:
    return (fact.kind, fact.text) if fact else None


CHAT_FACTS = [
    # what somebody studies, likes best, owns, plays, speaks, works at, wants to be, is
    ("i'm majoring in accounting and i like it so far", "thing accounting"),
    ("i ended up minoring in accounting and i like it", "thing accounting"),
    ("i'm an accounting major, and mom always loved big numbers", "thing accounting"),
    ("my favorite movie is pumpkin, and dad loves it too", "thing pumpkin"),
    ("my favorite movie has to be the pumpkin, dad loves it", "thing pumpkin"),
    ("last summer i moved out, i adopted a dog, mom likes him", "thing dog"),
    ("I play the trumpet in the band on weekends", "thing trumpet"),
    ("my brother used to play the guitar on evenings, loud songs", "thing guitar"),
    ("I speak Spanish with grandma on rainy days", "thing Spanish"),
    ("my dad works at google and likes his desk there", "thing google"),
    ("i was working for google and liked that desk a lot", "thing google"),
    ("last summer he moved away, he wants to be a nurse, as mom does", "thing nurse"),
    ("my sister is allergic to cats, so mom bought fish", "thing cats"),
    ("my mom went to college and she is a lawyer, working nights", "thing lawyer"),
    ("we have a dog named pumpkin and walk him every morning", "thing pumpkin"),
    # and what is nothing to keep
    ("my mom went to college and she is a person, working nights", None),
    ("i played games with my kids and we laughed all evening", None),
    ("My mom taught cats, and bought loud toys and books", "thing cats"),
    ("My mom taught kids, and bought loud toys and books", None),
    ("My mom taught 12 stars, and bought loud toys and books", None),
    ("My mom taught cats loudly, and bought loud toys and books", None),
    ("my favorite movie is very long, dad loves popcorn", None),
    # where somebody lived, moved, served a mission
    ("I served my mission in Mexico and loved the weather", "place Mexico"),
    ("I was born in Provo last century, says my passport", "place Provo"),
    ("Grandma says hi, the mission in Mexico is hot, all rice", "place Mexico"),
    ("I live here, grandma says hi and asks how all the weather is today in Mexico, it was hot", None),
    ("but I moved to Utah with tired friends", "place Utah"),
    ("I moved to Utah with friends", None),  # the words around it say too little
    # names in small letters, names of several words
    ("i lived in provo during the spring with a good roommate", "place provo"),
    ("I went to St. George with my brother on a sunny weekend", "place St. George"),
    ("St. George is where my brother served, far away from home", None),
    ("I played Nintendo 64 with my brother every single morning", None),
    ("I went to J-Dawgs with my brother one rainy evening", "place J-Dawgs"),
    ("I went to Provo-Utah with my brother one rainy evening", "place Provo-Utah"),
    # numbers
    ("I have 3 brothers, a loud father and a tired mother", "number 3"),
    ("I have three brothers, a loud father and a tired mother", "number three"),
    ("I have one brother, a loud father and a tired mother", None),
    ("I have 3 rabbits, a loud father and a tired mother", None),
    ("I have 3 and they bother my loud father, tired mother", None),
    ("I have twenty-three brothers, a loud father and mother", None),
    ("I have 300 brothers, a loud father and a tired mother", None),  # an estimate
    ("I have a hundred brothers, a loud father and a tired mother", None),
    ("I lived there for 3 years, a loud father and mother beside me", "number 3"),
    ("I lived there about 3 years, a loud father and mother beside me", None),
    # a name that goes on, or that begins before it where it is written small
    ("My sister had Lyme, with fever, headaches and weird dreams", "name Lyme"),
    ("My sister had Lyme disease, with fever, headaches and weird dreams", None),
    ("i read Naruto during rainy nights, mom bought books", "name Naruto"),
    ("i read naruto during rainy nights, mom bought books", None),
    # plans and guesses
    ("I would have moved to Mexico with my tired brother", None),
    ("If I moved to Mexico my brother might come along", None),
    # of two facts the better one, of equals the first
    ("I read Naruto, and moved to Mexico because mom wanted warm weather", "place Mexico"),
    ("When I was 7 I broke my thumb, my brother laughed", "thing thumb"),
    ("I moved to Mexico because Naruto lives there, says mom", "place Mexico"),
    ("I moved from Provo to Mexico because mom wanted warm weather", "place Provo"),
    # an answer that stands in the sentence twice is no question
    ("I moved from Mexico because mom says Mexico gets hot weather", None),
]  # fmt: skip

BOOK_FACTS = [
    ("The ship of the old fisherman sailed from Nantucket in winter.", "place Nantucket"),
    ("There lived a man whose son was named Isaac, honest and poor.", "name Isaac"),
    ("The captain counted three ships that sailed past the harbour.", "number three"),
    ("The captain counted forty pigeons that flew past the harbour.", "number forty"),
    ("In 1805 the captain sailed past the harbour with him.", None),
    ("In 1805 the captain sailed past the old harbour with him.", "time 1805"),
    ("The captain counted forty, then pigeons flew past the harbour.", None),
    ("The captain counted three pigeons that flew past the harbour.", None),
    ("The Captain saw forty ships sail past the harbour at dawn.", "number forty"),
    ("Forty ships sailed past the harbour while the Captain slept.", None),
    ("The captain saw three or four ships that sailed past the harbour.", None),
    ("The Captain heard the trumpet across the silent harbour at dawn.", None),  # a thing of a narrative
    ("The Captain drank after the wedding with a merry shepherd.", None),  # and an event
    ("He hired a Frenchman whose old wife baked bread that morning.", "name Frenchman"),
    ("He met the Frenchman whose old wife baked bread that morning.", None),
    ('"You know," the captain told Isaac, "that I never sail by night."', None),
    ("Nothing was heard of it then, said Isaac, whose wife wept bitterly.", None),
    ("Come here and tell us, Isaac, what news those sailors brought.", None),
    ("He gave those sailors a word or two about the dangerous harbour.", None),
    ("St. George rode past the harbour when the sailors slept.", None),
]  # fmt: skip


def parse_expected(expected: str | None) -> tuple[str, str] | None:
    kind, _, text = (expected or "").partition(" ")
    return (kind, text) if expected else None


@pytest.mark.parametrize(("sentence", "expected"), CHAT_FACTS)
def test_the_fact_of_a_chat_sentence(sentence: str, expected: str | None) -> None:
    assert kind_and_text(chat_fact(sentence)) == parse_expected(expected)


@pytest.mark.parametrize(("sentence", "expected"), BOOK_FACTS)
def test_the_fact_of_a_book_sentence(sentence: str, expected: str | None) -> None:
    assert kind_and_text(book_fact(sentence)) == parse_expected(expected)


# {one|other}: of the same sentence with the one or the other, the fact of the other is worth less.
CHAT_PAIRS = [
    "{When|But} I moved to Mexico my loud brother bought a new house",
    "When {we|he} moved to Mexico my loud brother bought a new house",
    "{Once|Maybe} I moved to Mexico, my loud brother bought a new house",
    "I moved to Mexico, my loud brother {really|probably} bought a new house",
    "I {studied|read} Naruto, my brother bought books and loud toys",
    "I speak {Xhosa|Spanish}, my brother bought books and loud toys",
    "My brother bought {toys for Christmas|a Christmas tree}, it was loud, songs everywhere",
    "I moved to Utah, " + "all is new, " * 16 + "{|all is now new}",
]
BOOK_PAIRS = [
    "Nothing was then bought{ by|, said} Isaac, the children cried, old men slept.",
    "At dawn Isaac {wept|cried}, for nobody ever brought those poor sailors bread.",
    "The men praised{|,} Isaac, whose wife baked bread for those sailors.",
    "At dawn, Isaac Ahab{ slept, he|, he} baked bread for those poor sailors, children slept.",
    "The men {praised dear|praised, O} Isaac, wife and children baked bread for sailors.",
    "His wife baked bread for her {son|dear} Isaac and those poor sailors.",
    "The wife baked bread for Ahab, those poor sailors, and {an|my} old man.",
    'The wife baked bread for Ahab, {those poor sailors|"those poor sailors"}, and an old man.',
    "The wife baked bread for {Ahab|Norwegian}, that poor sailor, an old man.",
    "The captain counted forty {ships|pigeons} that sailed past the harbour.",
    "The wife baked bread for{| the} Ahab, and those poor sailors slept.",
]


def score_variant(find_fact: Callable[[str], Fact | None], sentence: str, variant: int) -> int:
    """Return the score of the fact in the sentence with the first (0) or the second (1) variant."""
    before, one, other, after = re.split(r"[{|}]", sentence)
    fact = find_fact(before + (one, other)[variant] + after)
    return fact.score if fact else 0


@pytest.mark.parametrize("sentence", CHAT_PAIRS)
def test_the_second_variant_of_a_chat_sentence_scores_less(sentence: str) -> None:
    assert score_variant(chat_fact, sentence, 0) > score_variant(chat_fact, sentence, 1)


@pytest.mark.parametrize("sentence", BOOK_PAIRS)
def test_the_second_variant_of_a_book_sentence_scores_less(sentence: str) -> None:
    assert score_variant(book_fact, sentence, 0) > score_variant(book_fact, sentence, 1)


@pytest.mark.parametrize(("count", "penalty"), [(12, 0), (13, 1), (30, 1), (31, 3)])
def test_a_frequent_name_scores_less(count: int, penalty: int) -> None:
    """The rarest word of a name counts."""
    sentence = "The wife of those poor sailors baked bread for Captain Isaac Ahab, who slept."
    rare = book_fact(sentence)
    assert rare and rare.text == "Isaac Ahab"
    assert book_fact(sentence, Counter(isaac=count, ahab=99)) == replace(rare, score=rare.score - penalty)


@pytest.mark.parametrize(
    ("sentence", "book_score", "chat_score"),
    [
        ("The owl of Utah lives in a barn", 5, 0),
        ("The owl lives in a barn", 0, 0),  # a first word has a capital anyway
        ("I know that I live there", 0, 1),  # nor is I a name
        ("the owl had forty mice, 3 voles and three Welsh shrews in Utah", 8, 0),
        ("my owl had forty mice", 3, 0),
        ("we had forty mice", 3, 2),
        ('the owl said: "forty mice"', 3, 0),
        ('the owl said: "we had forty mice"', 1, 2),
    ],
)
def test_the_score_of_a_sentence(sentence: str, book_score: int, chat_score: int) -> None:
    """A book's sentence needs a name or number, and dialogue scores less; a chat's needs a lasting fact."""
    assert score_sentence(make_analyzed_sentence(sentence, BOOKS).sentence) == book_score
    assert score_sentence(make_analyzed_sentence(sentence, CHATS, speaker="Ann").sentence) == chat_score


# Words of facts, and text between them.
PIECES = """I i my we he brother sister have had moved to from in lived play speak majoring favorite is was
are a the three 3 hundred two or a word years brothers Utah utah St. George Nintendo 64 Isaac isaac named
called trumpet cats accounting and said O , . ; ! - _ " ' ’s would maybe because Christmas tree é""".split()
TEXTS = st.text(max_size=60) | st.lists(st.sampled_from([*PIECES, ""]), max_size=25).map(" ".join)


@given(TEXTS | st.text("AbI1 .,-'\"you", max_size=30))
def test_the_score_is_that_of_searches_in_the_whole_sentence(text: str) -> None:
    """To search each word once finds what a search of the sentence finds."""
    sentence = make_analyzed_sentence(text, BOOKS).sentence
    notable = min(len(facts._NOTABLE.findall(text)), 4)
    person = re.search(r"\W(?i:i|me|my|mine|you|your|thou|thee|thy|ye|we|us|our)\b", f" {text}")
    expected = 4 + notable - 2 * ('"' in text) - 2 * bool(person) if notable else 0
    assert score_sentence(sentence) == expected


@pytest.mark.parametrize(("speaker", "min_score"), [(None, 7), ("Ann", 10)])
@pytest.mark.parametrize("statistics", [BOOKS, CHATS])
def test_the_rest_of_any_text_does_not_have_its_fact(
    speaker: str | None, min_score: int, statistics: WordStatistics
) -> None:
    """Bar: a fact is the sentence's own characters, and the rest of the sentence does not give it away."""

    tagger = SentenceTagger(statistics)

    @settings(deadline=None)  # the first call loads the rules
    @given(TEXTS)
    def holds(sentence: str) -> None:
        analyzed = make_analyzed_sentence(sentence, statistics, speaker)
        assert 0 <= score_sentence(analyzed.sentence) <= 8
        fact = find_best_fact(analyzed, tagger, {})
        if fact is not None:
            assert 0 <= fact.start < fact.end <= len(sentence)
            assert fact.text == sentence[fact.start : fact.end]
            assert not occurs_in(fact.text, sentence[: fact.start]), fact
            assert not occurs_in(fact.text, sentence[fact.end :]), fact
            assert fact.score >= min_score

    holds()


SIGN_PARTS = """two Two TWO I i
I'm my My US us \u0131 twenty-two (Three) 12th 3 dArcy owl Owl's -- _me \u00c9lan
thousand. \"We\"""".split()


@given(st.lists(st.sampled_from(SIGN_PARTS) | st.text(max_size=2), max_size=4).map("".join))
def test_signs_of_a_word_are_what_the_patterns_find(word: str) -> None:
    signs = facts._WordSigns()[word]
    assert signs % facts._PERSON == len(facts._NOTABLE.findall(f" {word}"))
    persons = narrative_facts.FIRST_OR_SECOND_PERSON.search(f" {word}")
    assert signs // facts._PERSON == (persons is not None)
