"""What is asked for in a sentence, and what is not: each rule by a sentence that it decides."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.questions.facts import Fact, best_fact, promise
from pipeline.text.normal import stands_in
from pipeline.text.usage import Usage
from tests.questions.making import make_read, make_usage

NAMES = "Utah Provo George Nintendo Japan Dawgs Spanish Lyme Mexico Naruto Xhosa"
NOUNS = """accounting basketball band cats dog google guitar kids lawyer movie nurse pumpkin russian school
stars team thumb trumpet"""
CHATS = make_usage(NAMES, NOUNS, "so i think i do")  # i: a careless corpus
BOOKS = make_usage("Ahab Frenchman George Isaac Nantucket Norwegian", "trumpet")

NONE: Counter[str] = Counter()


def said(sentence: str, counts: Counter[str] = NONE) -> Fact | None:
    """What is asked for when somebody says it in a chat."""
    read = make_read(sentence, CHATS, speaker="Ann")
    return best_fact(read, CHATS, counts) if promise(read.sentence) else None


def told(sentence: str, counts: Counter[str] = NONE) -> Fact | None:
    """What is asked for when a book tells it."""
    read = make_read(sentence, BOOKS)
    return best_fact(read, BOOKS, counts) if promise(read.sentence) else None


def answer(fact: Fact | None) -> tuple[str, str] | None:
    return (fact.kind, fact.text) if fact else None


SAID = [
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
    ("I went to J-Dawgs with my brother one rainy evening", None),
    ("I went to Provo-Utah with my brother one rainy evening", None),
    # numbers
    ("I have 3 brothers, a loud father and a tired mother", "number 3"),
    ("I have three brothers, a loud father and a tired mother", "number three"),
    ("I have one brother, a loud father and a tired mother", None),
    ("I have 3 rabbits, a loud father and a tired mother", None),
    ("I have 3 and they bother my loud father, tired mother", None),
    ("I have twenty-three brothers, a loud father and mother", None),
    ("I have 300 brothers, a loud father and a tired mother", None),  # said without counting
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

TOLD = [
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
    ("The Captain heard the trumpet across the silent harbour at dawn.", None),  # a thing told of
    ("The Captain drank after the wedding with a merry shepherd.", None),  # and an event
    ("He hired a Frenchman whose old wife baked bread that morning.", "name Frenchman"),
    ("He met the Frenchman whose old wife baked bread that morning.", None),
    ('"You know," the captain told Isaac, "that I never sail by night."', None),
    ("Nothing was heard of it then, said Isaac, whose wife wept bitterly.", None),
    ("Come here and tell us, Isaac, what news those sailors brought.", None),
    ("He gave those sailors a word or two about the dangerous harbour.", None),
    ("St. George rode past the harbour when the sailors slept.", None),
]  # fmt: skip


def written(expected: str | None) -> tuple[str, str] | None:
    kind, _, text = (expected or "").partition(" ")
    return (kind, text) if expected else None


@pytest.mark.parametrize(("sentence", "expected"), SAID)
def test_what_is_asked_of_a_chat(sentence: str, expected: str | None) -> None:
    assert answer(said(sentence)) == written(expected)


@pytest.mark.parametrize(("sentence", "expected"), TOLD)
def test_what_is_asked_of_a_book(sentence: str, expected: str | None) -> None:
    assert answer(told(sentence)) == written(expected)


# {one|other}: of the same sentence with the one or the other, the fact of the other is worth less.
SAID_LESS = [
    "{When|But} I moved to Mexico my loud brother bought a new house",
    "When {we|he} moved to Mexico my loud brother bought a new house",
    "{Once|Maybe} I moved to Mexico, my loud brother bought a new house",
    "I moved to Mexico, my loud brother {really|probably} bought a new house",
    "I {studied|read} Naruto, my brother bought books and loud toys",
    "I speak {Xhosa|Spanish}, my brother bought books and loud toys",
    "My brother bought {toys for Christmas|a Christmas tree}, it was loud, songs everywhere",
    "I moved to Utah, " + "all is new, " * 16 + "{|all is now new}",
]
TOLD_LESS = [
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


def worth(ask: Callable[[str], Fact | None], sentence: str, which: int) -> int:
    """The points of the fact in the sentence with the one (0) or the other (1)."""
    before, one, other, after = re.split(r"[{|}]", sentence)
    fact = ask(before + (one, other)[which] + after)
    return fact.points if fact else 0


@pytest.mark.parametrize("sentence", SAID_LESS)
def test_worth_less_in_a_chat(sentence: str) -> None:
    assert worth(said, sentence, 0) > worth(said, sentence, 1)


@pytest.mark.parametrize("sentence", TOLD_LESS)
def test_worth_less_in_a_book(sentence: str) -> None:
    assert worth(told, sentence, 0) > worth(told, sentence, 1)


@pytest.mark.parametrize(("often", "less"), [(12, 0), (13, 1), (30, 1), (31, 3)])
def test_what_the_instance_says_often_is_worth_less(often: int, less: int) -> None:
    """Of a name of several words the rarest counts."""
    sentence = "The wife of those poor sailors baked bread for Captain Isaac Ahab, who slept."
    seldom = told(sentence)
    assert seldom and seldom.text == "Isaac Ahab"
    assert told(sentence, Counter(isaac=often, ahab=99)) == replace(seldom, points=seldom.points - less)


@pytest.mark.parametrize(
    ("sentence", "read", "said"),
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
def test_promise(sentence: str, read: int, said: int) -> None:
    """A book's sentence needs a name or number, and talk promises less; a chat's says what lasts."""
    assert promise(make_read(sentence, BOOKS).sentence) == read
    assert promise(make_read(sentence, CHATS, speaker="Ann").sentence) == said


# What facts are made of, and what stands between them.
PIECES = """I i my we he brother sister have had moved to from in lived play speak majoring favorite is was
are a the three 3 hundred two or a word years brothers Utah utah St. George Nintendo 64 Isaac isaac named
called trumpet cats accounting and said O , . ; ! - _ " ' ’s would maybe because Christmas tree é""".split()
TEXTS = st.text(max_size=60) | st.lists(st.sampled_from([*PIECES, ""]), max_size=25).map(" ".join)


@pytest.mark.parametrize(("speaker", "least"), [(None, 7), ("Ann", 10)])
@pytest.mark.parametrize("usage", [BOOKS, CHATS])
def test_any_text(speaker: str | None, least: int, usage: Usage) -> None:
    """Bar: a fact is the sentence's own characters, and the rest of the sentence does not give it away."""

    @settings(deadline=None)  # the first call loads the rules
    @given(TEXTS)
    def holds(sentence: str) -> None:
        read = make_read(sentence, usage, speaker)
        assert 0 <= promise(read.sentence) <= 8
        fact = best_fact(read, usage, {})
        if fact is not None:
            assert 0 <= fact.start < fact.end <= len(sentence)
            assert fact.text == sentence[fact.start : fact.end]
            assert not stands_in(fact.text, sentence[: fact.start]), fact
            assert not stands_in(fact.text, sentence[fact.end :]), fact
            assert fact.points >= least

    holds()
