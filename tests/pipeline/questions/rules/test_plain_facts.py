"""Plain facts: what a message tells in any form, and what is no fact by itself."""

import pytest

from pipeline.questions.rules.plain_facts import ChatWords, find_plain_fact
from pipeline.text.casing import WordStatistics, count_words
from pipeline.text.keywords import SentenceTagger

TAGGER = SentenceTagger(WordStatistics())

FACTS = [
    ("a boy, 3.9 kg, his name is Anton", "Anton"),
    ("she's called Pepper and she's 12 years old", "Pepper"),
    ("he's on holiday in Crete until the end of the month", "Crete"),
    ("we want to go to the Mecklenburg lakes in July", "July"),
    ("Goodbye party on the 20th of September, put it in your calendar", "20th of September"),
    ("Yes, the brakes are gone and the repair is 1200 euros", "1200"),
    ("i bought a telescope off craigslist for 60 bucks", "telescope"),
    # guesses, requests and questions
    ("maybe he's on holiday in Crete until the end of the month", None),
    ("ask Jana, she bought a new tent in Crete last summer", None),
    ("what did his landlord say about the holiday in Crete", None),
    # too little is said
    ("she grew up in Iceland of all places", None),
    ("we saw it in Iceland you know", None),
    # parts of names, lists, ranges and estimates
    ("my professor said de Vries from the institute was brilliant", None),
    ("they are at church with old Mrs. Hoffmann and her two yellow dogs", None),
    ("we drive to Oslo, Bergen and Narvik in a rusty old camper", None),
    ("the party of my sister is from 20 July to 22 July in her garden", None),
    ("the repair of my old bike costs about 1200 euros", None),
    # those who chat, relatives, nationalities
    ("I bought the yellow raincoat in Mira's little shop", None),
    ("We won the pub quiz at the Irish pub again", None),
    ("the weather is awful in Mecklenburg right now, pure mud", None),  # nobody's
]  # fmt: skip


def find(sentence: str, *others: str) -> str | None:
    statistics = WordStatistics()
    statistics.add_instances([[sentence, *others, "We met Carla, and I know Carla."]])
    words = ChatWords(count_words(" ".join([sentence, *others])), statistics, frozenset(["mira", "tobias"]))
    fact = find_plain_fact(sentence, TAGGER, words)
    assert fact is None or sentence[fact.start : fact.end] == fact.text
    return fact and fact.text


@pytest.mark.parametrize(("sentence", "fact"), FACTS)
def test_plain_facts(sentence: str, fact: str | None) -> None:
    assert find(sentence) == fact


def test_the_chat_tells_what_is_a_name() -> None:
    """Not where it writes the word in lowercase too, often leaves capitals out, or has a name everywhere."""
    crete = "he's on holiday in Crete until the end of the month"
    assert find(crete, "is crete nice?") is None
    assert find(crete, "i know i should", "i think i do") is None
    played = "My brother plays chess with Jonas every single evening"
    assert find(played, "We know Jonas well.") == "Jonas"
    assert find(played) is None  # once, maybe a slip
    assert find(played, *["We know Jonas well."] * 20) is None
