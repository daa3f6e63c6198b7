"""Casing statistics: the counts, the names and nouns that they tell, and sums over shards."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text import casing
from pipeline.text.casing import WORD, WordStatistics, mid_sentence_capitals
from pipeline.text.casing import count_words as count_text_words
from pipeline.text.normalize import fold_case

# Words of one corpus: names and others, with capitals and without, where sentences begin and inside them.
PIECES = [
    "Darcy ",
    "darcy ",
    "the owl ",
    "The Owl ",
    "Owl. ",
    "Mr. Darcy",
    ", Élan ",
    "i ",
    "I ",
    "a dog-house",
    "\n",
    "3 ",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
INSTANCES = st.lists(st.lists(TEXTS, max_size=3), max_size=8)


def count_words(*instances: list[str]) -> WordStatistics:
    statistics = WordStatistics()
    statistics.add_instances(instances)
    return statistics


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("then Darcy came", ["Darcy"]),
        ("Darcy came. Then he went", []),  # a sentence begins with a capital anyway
        ("he came\nDarcy went", []),  # so does a line
        ("then came, Darcy; Bingley", ["Darcy", "Bingley"]),
        ("to Mr. Darcy and Mrs. Bennet", ["Mr", "Darcy", "Mrs", "Bennet"]),
        ("of St. Ives, or Dr. Shaw", ["St", "Ives", "Dr", "Shaw"]),
        ("to Salt Lake City she went", ["Salt", "Lake", "City"]),
        ("to O'Brien's Bay-Water he went", ["O'Brien's", "Bay-Water"]),
        ("she lives in utah", []),
    ],
)  # fmt: skip
def test_capitals_count_only_inside_sentences(text: str, expected: list[str]) -> None:
    assert mid_sentence_capitals(text) == expected


def test_each_counter_counts_its_words() -> None:
    statistics = count_words(["The Owl met the owl.", "my owl saw Tim, and Tim an elf-owl"], ["Owl"])
    assert statistics.capitalized == Counter(owl=1, tim=2)
    assert statistics.lowercase == Counter(
        {"owl": 2, "the": 1, "met": 1, "my": 1, "saw": 1, "and": 1, "an": 1, "elf-owl": 1}
    )
    assert statistics.after_determiner == Counter({"owl": 2, "elf-owl": 1})
    assert (
        statistics.instance_frequency["owl"],
        statistics.instance_frequency["tim"],
        statistics.instance_frequency["fox"],
    ) == (2, 1, 0)
    assert statistics.num_instances == 2


def test_a_segment_ends_a_sentence() -> None:
    assert not count_words(["he came in", "Darcy went"]).capitalized


@given(INSTANCES, st.integers(0, 8))
def test_shards_add_up(instances: list[list[str]], cut: int) -> None:
    whole, parts = count_words(*instances), count_words(*instances[:cut])
    parts.merge(count_words(*instances[cut:]))
    assert parts == whole
    swapped = count_words(*instances[cut:])
    swapped.merge(count_words(*instances[:cut]))
    assert swapped == whole


@pytest.mark.parametrize(
    ("text", "careless"), [("and I say, I do", False), ("and I say i do", True), ("", False)]
)
def test_a_corpus_without_capitals_has_careless_casing(text: str, careless: bool) -> None:
    assert count_words([text]).has_careless_casing is careless


def test_one_lowercase_i_in_ten_is_careless_casing() -> None:
    assert not count_words(["so I " * 10 + "so i"]).has_careless_casing
    assert count_words(["so I " * 9 + "so i"]).has_careless_casing


@pytest.mark.parametrize(
    ("capitals", "lowercase_count", "careful", "careless", "careless_lowercase"),
    [
        (3, 0, True, True, True),
        (2, 0, False, True, False),  # seen too seldom
        (1, 0, False, False, False),
        (12, 3, True, True, True),
        (12, 4, False, True, True),  # a word that careful writers write in lowercase is not a name
        (3, 4, False, True, True),
        (3, 6, False, True, False),
        (3, 7, False, False, False),
    ],
)
def test_names_depend_on_capitals_and_on_careless_casing(
    capitals: int, lowercase_count: int, careful: bool, careless: bool, careless_lowercase: bool
) -> None:
    """The same counts tell a name or not, depending on how the corpus uses capitals."""
    text = "so Provo " * capitals + "so provo " * lowercase_count
    statistics = count_words([text])
    assert (statistics.is_name("Provo"), statistics.is_name("provo")) == (careful, False)
    statistics = count_words([text, "i"])
    assert (statistics.is_name("Provo"), statistics.is_name("provo")) == (careless, careless_lowercase)


@pytest.mark.parametrize(("lowercase_count", "name"), [(0, True), (1, True), (2, False)])
def test_short_lowercase_words_are_seldom_names(lowercase_count: int, name: bool) -> None:
    assert count_words(["so Ann " * 3 + "so ann " * lowercase_count, "i"]).is_name("ann") is name


@pytest.mark.parametrize(
    ("text", "is_noun"),
    [
        ("the owl, an owl", True),
        ("the owl", False),
        ("the owl, an owl" + ", owl" * 6, True),
        ("the owl, an owl" + ", owl" * 7, False),  # mostly without an article: to go, of a go
        ("their\nowl, thy owl", True),
        ("The Owl, An Owl", False),
    ],
)
def test_nouns_follow_articles_and_possessives(text: str, is_noun: bool) -> None:
    assert count_words([text]).is_noun("owl") is is_noun


@given(INSTANCES)
def test_words_are_those_that_the_pattern_finds(instances: list[list[str]]) -> None:
    """To search the pieces of a text for words gives what a search of the text gives."""
    text = " ".join(part for texts in instances for part in texts)
    assert count_text_words(text) == Counter(map(fold_case, WORD.findall(text)))


@given(st.text("tThHe anAyYourisM.-\n'é", max_size=40))
def test_a_search_from_the_capital_finds_what_a_plain_pattern_finds(text: str) -> None:
    letters = rf"{casing._LETTERS}(?:['’-]{casing._LETTERS})*"
    capitals = re.compile(
        r"(?:(?<=[a-z,;] )|(?<=Mr\. )|(?<=Mrs\. )|(?<=Dr\. )|(?<=St\. ))"
        rf"(?=[A-Z]){letters}(?: (?=[A-Z]){letters})*"
    )
    assert casing._INNER_CAPITALS.findall(text) == capitals.findall(text)


@given(INSTANCES, st.integers(1, 100))
def test_what_is_dropped_changes_no_answer(instances: list[list[str]], copies: int) -> None:
    whole, dropped = (count_words(*instances * copies, ["so Owl"]) for _ in range(2))
    dropped.drop_irrelevant_words()
    assert dropped.has_careless_casing == whole.has_careless_casing
    for word in {*whole.instance_frequency, "unknown"}:
        assert dropped.inverse_frequency(word) == whole.inverse_frequency(word)
        assert dropped.is_noun(word) == whole.is_noun(word)
        for form in (word, word.capitalize()):
            assert dropped.is_name(form) == whole.is_name(form)


@pytest.mark.parametrize(("copies", "expected"), [(0, 1), (1, 2), (18, 19), (38, 39), (39, 40), (99, 40)])
def test_the_inverse_frequency_is_at_most_40(copies: int, expected: int) -> None:
    assert count_words(["so Owl"], *[["so"]] * copies).inverse_frequency("owl") == expected
