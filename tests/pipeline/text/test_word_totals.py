"""Words of many texts, counted by pieces: what patterns find in each whole text."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.casing import WORD, WordStatistics
from pipeline.text.normalize import fold_case

AFTER_DETERMINER = re.compile(
    r"\b(?:[Aa]n?|[Tt]he|[Mm]y|[Yy]our|[Hh]is|[Hh]er|[Ii]ts|[Oo]ur|[Tt]heir|[Tt]hy)\s+([a-z]+(?:-[a-z]+)*)"
)
PIECES = """a A an An AN the The tHe my his Their thy owl Owl owls' dog-house dog-the the-the 'the _the 3the
éthe e\u0301the the's \u201cthe the\u2014 owl\u2014the it's l'\u00c9lan \u0130 \u00b2 \ufb01 _owl_ -- --- - '
. , 1/2""".split()
SPACES = [*" \n\t\x0b\x1c\x1f\x85\xa0\u2003\u2028\u3000", "", "  ", "\x00", "\x01", "\ud800", "(", "--"]
PARTS = st.sampled_from(PIECES) | st.sampled_from(SPACES) | st.text(max_size=2)
TEXTS = st.lists(PARTS, max_size=30).map("".join)
SPACED = st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join)
INSTANCES = st.lists(st.lists(TEXTS | SPACED, max_size=3), max_size=5)


@given(INSTANCES)
def test_the_counts_are_those_of_patterns(instances: list[list[str]]) -> None:
    statistics = WordStatistics()
    statistics.add_instances(instances)
    texts = ["\n\n".join(segments) for segments in instances]
    forms = [WORD.findall(text) for text in texts]
    lowercase = Counter(fold_case(form) for found in forms for form in found if form[0].islower())
    assert statistics.lowercase == lowercase
    frequency = Counter(word for found in forms for word in set(map(fold_case, found)))
    assert statistics.instance_frequency == frequency
    assert statistics.after_determiner == Counter(
        word for text in texts for word in AFTER_DETERMINER.findall(text)
    )
    assert statistics.num_instances == len(instances)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the owl, an elf-owl", ["owl", "elf-owl"]),
        ("the\n\u3000owl (the owl)", ["owl", "owl"]),
        ("the (owl", []),  # a mark stands between
        ("the the owl", ["the"]),  # a word that is counted is no determiner of the next
        ("my the the owl", ["the", "owl"]),
        ("dog-the owl's, _the owl, \u201cThe owls\u201d", ["owl", "owls"]),
        ("of the", []),
    ],
)
def test_words_after_determiners(text: str, expected: list[str]) -> None:
    statistics = WordStatistics()
    statistics.add_instances([[text], ["owl"]])
    assert statistics.after_determiner == Counter(expected)
