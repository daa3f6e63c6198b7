"""Keywords of a sentence: names, places, times, numbers, things and events, and words of none of these."""

from functools import cache
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spacy.matcher import Matcher
from spacy.tokens import Doc

from pipeline.text import keywords
from pipeline.text.casing import WordStatistics
from pipeline.text.keywords import SentenceTagger, TaggedSentence, extract_keywords
from pipeline.text.spacy_tokens import spacy_tokenizer
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
    tagger = SentenceTagger(statistics)
    return [(keyword.kind, keyword.text) for keyword in extract_keywords(tagger.tag(sentence))]


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

    tagger = SentenceTagger(statistics)

    @settings(deadline=None)  # the first call loads the rules
    @given(TEXTS)
    def holds(sentence: str) -> None:
        words = tagger.tag(sentence)
        assert len(words.tokens) == len(words.starts) == len(words.tags)
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


NAMES_OF_TAGS = """A NAME N NOUN E EVENT O OTHER 1 NUMBER Y YEAR M MONTH D DAY H HOUR T TITLE t DETERMINER
. MARK s STOP & STOP f STOP""".split()
TAGS = dict(zip(NAMES_OF_TAGS[::2], NAMES_OF_TAGS[1::2], strict=True))
WORDS_OF_TAGS = {"t": ["a", "an", "the"], "&": ["and"], "f": ["of"], "1": ["two", "hundred", "thousand"]}
OTHER_WORDS = ["saint", "dozen", "barn", "in", "-", "/"]
TOKENS = st.sampled_from("AAANE111YMMttt&&f.ONN").flatmap(
    lambda tag: st.tuples(st.just(tag), st.sampled_from(WORDS_OF_TAGS.get(tag, OTHER_WORDS)))
)


@cache
def make_matcher() -> Matcher:
    """Make spaCy's matcher of the patterns of keywords."""
    number = {"TAG": "NUMBER", "OP": "{1,4}"}
    patterns = {
        "name": [[{"TAG": "NAME", "OP": "{1,3}"}]],
        "number": [
            [number],
            [number, {"LOWER": "and"}, number],
            [number, {"LOWER": "and"}, number, {"LOWER": "and"}, number],
            [{"LOWER": {"IN": ["a", "an"]}}, {"LOWER": {"IN": ["hundred", "thousand", "dozen"]}}],
        ],
        "time": [
            [{"TAG": "MONTH"}, {"TAG": {"IN": ["NUMBER", "YEAR"]}}],
            [{"TAG": "NUMBER"}, {"LOWER": "of", "OP": "?"}, {"TAG": "MONTH"}],
            [{"TAG": {"IN": ["MONTH", "YEAR", "DAY", "HOUR"]}}],
        ],
        "event": [[{"TAG": "EVENT"}]],
        "thing": [[{"TAG": "DETERMINER"}, {"TAG": "NOUN", "OP": "{1,2}"}]],
    }
    matcher = Matcher(spacy_tokenizer().vocab)
    for kind, rules in patterns.items():
        matcher.add(kind, rules, greedy="LONGEST")
    return matcher


@settings(deadline=None, max_examples=500)
@given(st.lists(TOKENS, min_size=1, max_size=20))
@example([("t", "a"), ("N", "dozen")])
@example([("t", "the"), ("N", "barn"), ("t", "a"), ("N", "dozen")])
@example(
    [
        ("t", "a"),
        *zip(
            "11&11111&1&1", ["hundred", "two", "and", *["two"] * 5, "and", "two", "and", "two"], strict=True
        ),
    ]
)
def test_keywords_are_those_of_spacys_matcher(tagged: list[tuple[str, str]]) -> None:
    """Bar: the keywords that the longest matches of spaCy's matcher give, for any tags."""
    tokens = [token for _, token in tagged]
    doc = Doc(make_matcher().vocab, tokens)
    for token, (tag, _) in zip(doc, tagged, strict=True):
        token.tag_ = TAGS[tag]
    sentence = TaggedSentence(
        doc.text, tokens, [token.idx for token in doc], "".join(tag for tag, _ in tagged)
    )
    matches = [
        (doc.vocab.strings[rule], first, last)
        for rule, first, last in make_matcher()(doc, allow_missing=True)
    ]
    with patch.object(keywords, "_find_matches", lambda _: matches):
        expected = extract_keywords(sentence)
    assert extract_keywords(sentence) == expected
