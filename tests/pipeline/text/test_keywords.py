"""Keywords of a sentence: names, places, times, numbers, things and events, and words of none of these."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.casing import WordStatistics
from pipeline.text.keywords import extract_keywords, tag_sentence
from tests.pipeline.questions.factories import make_statistics

NAMES = "Darcy Emma Ferrars Egypt George Lake Dawgs Nintendo Utah God Sir Captain Ed West AİB"
NOUNS = "trumpet school gallows"
BOOKS = make_statistics(NAMES, NOUNS, "so lake, so Lake, so Lake")
CHATS = make_statistics(NAMES, NOUNS, "so i think i may go, i do, lake, lake, lake, lake, lake, lake")

# Parts of keywords, and the text between them.
PIECES = """Darcy Emma darcy St. San God Mr. the a my trumpet school in from three hundred and 64 1805 5th of
May monday wedding battle one I i Captain AİB 5:30pm _ - -- / & ' ’ . , ( ) ? ! : é 中 🙂 ß""".split()
TEXTS = st.text(max_size=40) | st.lists(
    st.sampled_from([*PIECES, " ", " ", " ", "\n", "\u00a0", "s"]) | st.text(max_size=3), max_size=20
).map("".join)


def find_keywords(sentence: str, statistics: WordStatistics) -> list[tuple[str, str]]:
    return [(keyword.kind, keyword.text) for keyword in extract_keywords(tag_sentence(sentence, statistics))]


def parse_expected(expected: str) -> list[tuple[str, str]]:
    """Parse expected keywords such as `name Darcy, place Egypt`."""
    pairs = [part.split(" ", 1) for part in expected.split(", ") if part]
    return [(kind, text) for kind, text in pairs]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        # names
        ("he met Darcy there", "name Darcy"),
        ("he met AİB there", "name AİB"),  # the small letters of İ are two characters
        ("he met darcy there", ""),
        ("he met Bingley there", ""),  # the corpus does not know him
        ("Darcy met Emma Ferrars", "name Darcy, name Emma Ferrars"),
        ("Lake water ran there", ""),  # the first word has a capital anyway
        ("he came to Darcy's house", "place Darcy"),
        ("he met Darcy Emma Ferrars there", "name Darcy Emma Ferrars"),
        ("he met Darcy Emma Ferrars George there", ""),  # no name has so many words
        ("they saw the Black Darcy there", "name Black Darcy"),  # a name's other words
        ("Black Darcy was there", "name Darcy"),
        ("they saw the black Darcy there", "name Darcy"),
        ("they blew the Darcy Trumpet", "name Darcy Trumpet"),
        ("he saw Captain Darcy and Sir Ed", "name Darcy, name Ed"),
        ("he thanked God for Darcy", "name Darcy"),
        # names that go on
        ("he met St. George there", "name St. George"),
        ("St. George met him", ""),
        ("he met the Long George there", "name Long George"),
        ("Long Darcy Lake", "name Darcy Lake"),
        ("in St. they met George", "name George"),
        ("they went to Emma West", ""),  # West is the beginning of another name
        ("he had Nintendo 64 there", "number 64"),
        ("he had Nintendo 1999 there", "time 1999"),
        ("he ate at J-Dawgs there", ""),
        ("he met Darcy-Emma there", ""),
        ("he met Darcy/Emma there", ""),
        ("he met Darcy & sons there", ""),
        ("he met Darcy, George & sons there", "name Darcy"),
        # places
        ("he lives in Egypt", "place Egypt"),
        ("he came from Egypt", "place Egypt"),
        ("he left Egypt", "place Egypt"),
        ("he is of Egypt", "name Egypt"),
        ("he is in the Egypt", "name Egypt"),
        # times
        ("in 1805 and 2030 they met", "time 1805, time 2030"),
        ("on May 5 or 4th of July they met", "time May 5, time 4th of July"),
        ("on 4 July and in March 1805 they met", "time 4 July, time March 1805"),
        ("they may march on monday", "time monday"),
        ("it was at 5:30pm on Christmas", "time 5:30pm, time Christmas"),
        # numbers
        ("he had 3 dogs, 1,200 sheep and twelve cats", "number 3, number 1,200, number twelve"),
        ("it was 900 years and 3000 days", "number 900, number 3000"),
        ("he had one dog, the first, then the second", ""),
        ("for fourscore years", "number fourscore"),
        ("he had three hundred and twenty sheep", "number three hundred and twenty"),
        ("he had two hundred and six thousand and ten men", "number two hundred and six thousand and ten"),
        ("he had a hundred sheep and a dozen dogs", "number a hundred, number a dozen"),
        ("he had twenty-three dogs", ""),
        ("he had two hundred thousand four hundred dogs", ""),
        ("it is 3/4 or 3 - 4", "number 3/4"),
        ("he saw it in 3D", ""),
        # things and events
        ("he blew the trumpet, her trumpet", "thing trumpet, thing trumpet"),
        ("he blew trumpet", ""),
        ("he blew the old trumpet", ""),
        ("he blew the trumpet school", "thing trumpet school"),
        ("after the wedding they saw the gallows", "event wedding, thing gallows"),
    ],
)  # fmt: skip
def test_keywords_of_a_sentence(sentence: str, expected: str) -> None:
    assert find_keywords(sentence, BOOKS) == parse_expected(expected)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("i met darcy in egypt", "name darcy, place egypt"),
        ("i went to nintendo utah", "place nintendo utah"),
        ("i went to the lake", ""),  # more often no name
        ("im from utah, lol", "place utah"),
        ("i met captain darcy, thank god", "name darcy"),
    ],
)
def test_lowercase_names_count_in_a_careless_corpus_only(sentence: str, expected: str) -> None:
    """A careless corpus writes names in lowercase; in a careful one such words are not names."""
    assert find_keywords(sentence, CHATS) == parse_expected(expected)
    assert find_keywords(sentence, BOOKS) == []


@pytest.mark.parametrize("statistics", [BOOKS, CHATS, WordStatistics()])
def test_keywords_of_any_text_are_in_order_and_do_not_overlap(statistics: WordStatistics) -> None:
    """Bar: keywords are the sentence's own characters, in order, and none lies in another."""

    @settings(deadline=None)  # the first call loads the rules
    @given(TEXTS)
    def holds(sentence: str) -> None:
        words = tag_sentence(sentence, statistics)
        assert len(words.doc) == len(words.lowercase) == len(words.starts) == len(words.tags)
        end = 0
        for keyword in extract_keywords(words):
            assert end <= keyword.start < keyword.end <= len(sentence)
            assert keyword.text == sentence[keyword.start : keyword.end] == keyword.text.strip()
            end = keyword.end

    holds()


def test_keywords_depend_on_the_statistics_of_the_corpus() -> None:
    """The same sentence has other keywords where the corpus uses its words otherwise."""
    sentence = "he met Darcy with the trumpet"
    assert find_keywords(sentence, BOOKS) == [("name", "Darcy"), ("thing", "trumpet")]
    assert find_keywords(sentence, WordStatistics()) == []
