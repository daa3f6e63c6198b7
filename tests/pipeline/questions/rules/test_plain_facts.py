"""Plain facts: what a message tells in any form or in reply to others, and what is no fact by itself."""

from collections.abc import Sequence

import pytest

from pipeline.questions.rules.chat_context import Message
from pipeline.questions.rules.plain_facts import ChatWords, find_plain_fact
from pipeline.text.casing import WordStatistics, count_words
from pipeline.text.keywords import SentenceTagger

TAGGER = SentenceTagger(WordStatistics())

FACTS = [
    ("a boy, 3.9 kg, his name is Anton", "Anton"),
    ("our cat is called Pepper and she's 12 years old", "Pepper"),
    ("my landlord is on holiday in Crete until the end of the month", "Crete"),
    ("we want to go to the Mecklenburg lakes in July", "July"),
    ("Goodbye party on the 20th of September, put it in your calendar", "20th of September"),
    ("Yes, the brakes are gone and the repair is 1200 euros", "1200"),
    ("i bought a telescope off craigslist for 60 bucks", "telescope"),
    # guesses, requests and questions
    ("maybe he's on holiday in Crete until the end of the month", None),
    ("ask Jana, she bought a new tent in Crete last summer", None),
    ("what did his landlord say about the holiday in Crete", None),
    ("four days instead of five in the new job, 34,200 before tax", "34,200"),
    ("after the stargazing night in the desert i bought a telescope Mira", "telescope"),  # she is addressed
    ("the sourdough starter of my aunt needs 20 minutes or so", None),
    # nothing tells who or what is meant
    ("she's called Pepper and she's 12 years old", None),
    ("mine is 2 metres by 3, and the flat is too small for the rug", None),
    ("he's on holiday in Crete until the end of the month", None),
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


# Messages of Ann and Bob, the last of Bob; what is asked for of the last; which messages are shown before it.
REPLIES = [
    (["A: saw the room", "B: its tiny but theres a balcony. took it. moving 24 may"], "24 may"),
    (["A: my preceptor is 71!", "A: so old", "B: been here since sept"], "sept"),
    (["B: so i met someone at the clinic", "A: SPILL", "B: her names Noor"], "Noor"),
    (["B: they found a mouse in the filter", "A: free pet", "B: his name is carl"], "carl"),
    (["A: tell me who runs the library", "B: boss is called Mrs Okonjo"], "Mrs Okonjo"),
    (["A: did Noor talk about goats", "B: she grew up on a goat farm in Jämtland"], "Jämtland"),
    (["A: my sister Kiki marries a dentist", "A: when is it", "B: oct 12 in tulsa"], "oct 12"),
    (["A: took the car to the garage, its the water pump", "A: how much", "B: 640"], "640"),
    (["A: whats the rent of the tiny room", "B: 7200 incl wifi"], "7200"),
    (["B: were looking at a house with a yard", "A: WHERE", "B: oak park. 3 bed"], "oak park"),
    (["A: come to the lake on memorial day", "A: what flavour pie", "B: cherry"], "cherry"),
    (["A: what did Paul give you on your birthday party", "B: a sewing machine!"], "sewing machine"),
    (["A: do i need new boots", "B: 600kr meindls on blocket, barely used"], "600kr"),
    (["A: he does the horses at work", "B: how tall is the knight", "A: is he", "B: 6ft 3"], None),
    (["B: he does the horses at work", "A: how tall is the knight", "B: 6ft without the hat"], "6ft"),
    (["A: i own a rug now", "B: mine is 2 metres by 3, and the flat is too small"], "2"),
    (["A: the landlord is never there", "B: he's on holiday in Crete until the end of the month"], "Crete"),
    # passing, or of somebody who is spoken to
    (["A: the whole team was cut, even Brent", "B: he cried. bought him a beer"], None),
    (["A: what kind of green does he want", "B: I need to talk to Paul"], None),
    # not the reply itself, or no question before it
    (["A: my sister Kiki marries a dentist", "A: when is it", "B: dunno yet"], None),
    (["A: come to the lake on memorial day", "A: who comes along", "B: everyone"], None),
    (["A: took the car to the garage, its the water pump", "A: how much", "B: like 640"], None),
    (["A: took the car to the garage, its the water pump", "A: poor car", "B: 640"], None),
    (["B: took the car to the garage, its the water pump", "B: how much", "B: 640"], None),
    (["A: did Noor talk about goats", "B: overnight dough takes 12 to 14 hours"], None),
    (["A: did Noor talk about Jämtland", "B: she grew up in Jämtland"], None),  # given away
    (["B: moving 24 may"], None),  # nothing tells what it is about
]  # fmt: skip


def find(sentence: str, *others: str, before: Sequence[Message] = ()) -> str | None:
    statistics = WordStatistics()
    statistics.add_instances([[sentence, *others, "We met Carla, and I know Carla."]])
    words = ChatWords(count_words(" ".join([sentence, *others])), statistics, frozenset(["mira", "tobias"]))
    plain = find_plain_fact(sentence, TAGGER, words, before, "B")
    assert plain is None or sentence[plain.fact.start : plain.fact.end] == plain.fact.text
    assert plain is None or all(message in before for message in plain.context)
    return plain.fact.text if plain else None


@pytest.mark.parametrize(("sentence", "fact"), FACTS)
def test_plain_facts(sentence: str, fact: str | None) -> None:
    assert find(sentence) == fact


@pytest.mark.parametrize(("messages", "fact"), REPLIES)
def test_short_messages_are_clear_with_those_before(messages: list[str], fact: str | None) -> None:
    *before, (_, last) = [tuple(one.split(": ", 1)) for one in messages]
    head, _, sentence = last.rpartition(". ") if last.endswith("may") else ("", "", last)
    context = [Message(speaker, text) for speaker, text in before]
    if head:
        context.append(Message("B", head))
    assert find(sentence, *["i know i should"] * 3, before=context) == fact


def test_the_chat_tells_what_is_a_name() -> None:
    """Not where it writes the word in lowercase too, or has a name everywhere."""
    crete = "my landlord's on holiday in Crete until the end of the month"
    assert find(crete, "is crete nice?") is None
    assert find(crete, "i know i should", "i think i do") == "Crete"  # a capital in small letters is meant
    assert find(crete, "i know i should", "is crete nice?") is None
    played = "My brother plays chess with Jonas every single evening"
    assert find(played, "We know Jonas well.") == "Jonas"
    assert find(played) is None  # once, maybe a slip
    assert find(played, *["We know Jonas well."] * 20) is None
