"""How a corpus uses its words: what is counted, what counts as a name or a thing, and that shards add up."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.usage import Usage, inner_capitals

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


def usage_of(*instances: list[str]) -> Usage:
    usage = Usage()
    for texts in instances:
        usage.read(texts)
    return usage


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
def test_capitals_inside_sentences(text: str, expected: list[str]) -> None:
    assert inner_capitals(text) == expected


def test_what_is_counted() -> None:
    usage = usage_of(["The Owl met the owl.", "my owl saw Tim, and Tim an elf-owl"], ["Owl"])
    assert usage.capital == Counter(owl=1, tim=2)
    assert usage.small == Counter(
        {"owl": 2, "the": 1, "met": 1, "my": 1, "saw": 1, "and": 1, "an": 1, "elf-owl": 1}
    )
    assert usage.determined == Counter({"owl": 2, "elf-owl": 1})
    assert (usage.instances["owl"], usage.instances["tim"], usage.instances["fox"]) == (2, 1, 0)
    assert usage.total == 2


def test_a_segment_ends_a_sentence() -> None:
    assert not usage_of(["he came in", "Darcy went"]).capital


@given(INSTANCES, st.integers(0, 8))
def test_shards_add_up(instances: list[list[str]], cut: int) -> None:
    whole, parts = usage_of(*instances), usage_of(*instances[:cut])
    parts.add(usage_of(*instances[cut:]))
    assert parts == whole
    swapped = usage_of(*instances[cut:])
    swapped.add(usage_of(*instances[:cut]))
    assert swapped == whole


@pytest.mark.parametrize(
    ("text", "careless"), [("and I say, I do", False), ("and I say i do", True), ("", False)]
)
def test_careless(text: str, careless: bool) -> None:
    assert usage_of([text]).careless is careless


def test_now_and_then_is_enough_to_be_careless() -> None:
    assert not usage_of(["so I " * 10 + "so i"]).careless
    assert usage_of(["so I " * 9 + "so i"]).careless


@pytest.mark.parametrize(
    ("capitals", "smalls", "careful", "careless", "careless_small"),
    [
        (3, 0, True, True, True),
        (2, 0, False, True, False),  # seen too seldom
        (1, 0, False, False, False),
        (12, 3, True, True, True),
        (12, 4, False, True, True),  # a word that careful writers write small is no name
        (3, 4, False, True, True),
        (3, 6, False, True, False),
        (3, 7, False, False, False),
    ],
)
def test_names(capitals: int, smalls: int, careful: bool, careless: bool, careless_small: bool) -> None:
    """What a capital says depends on how the corpus uses capitals; small letters say something too."""
    text = "so Provo " * capitals + "so provo " * smalls
    usage = usage_of([text])
    assert (usage.is_name("Provo"), usage.is_name("provo")) == (careful, False)
    usage = usage_of([text, "i"])
    assert (usage.is_name("Provo"), usage.is_name("provo")) == (careless, careless_small)


@pytest.mark.parametrize(("smalls", "name"), [(0, True), (1, True), (2, False)])
def test_short_words_in_small_letters_are_seldom_names(smalls: int, name: bool) -> None:
    assert usage_of(["so Ann " * 3 + "so ann " * smalls, "i"]).is_name("ann") is name


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("the owl, an owl", True),
        ("the owl", False),
        ("the owl, an owl" + ", owl" * 6, True),
        ("the owl, an owl" + ", owl" * 7, False),  # mostly without an article: to go, of a go
        ("their\nowl, thy owl", True),
        ("The Owl, An Owl", False),
    ],
)
def test_things(text: str, thing: bool) -> None:
    assert usage_of([text]).is_noun("owl") is thing
