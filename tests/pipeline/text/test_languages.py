"""The data of each language: complete, in small letters, and with patterns that take linear time."""

import re
import time
from string import Formatter

import pytest

from pipeline.text.languages import find_language, list_language_codes
from pipeline.text.languages.language import SpacedLanguage, UnspacedLanguage
from pipeline.text.normalize import drop_unneeded_spaces, fold_case

LANGUAGES = [language for code in list_language_codes() if (language := find_language(code)) is not None]


def test_english_has_rules_of_its_own() -> None:
    assert list_language_codes() == ["de", "es", "fr", "zh"]
    assert find_language("en") is None and find_language("ar") is None


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_leads_have_their_fields_in_one_line(language: SpacedLanguage | UnspacedLanguage) -> None:
    def list_fields(text: str) -> set[str]:
        return {field for _, field, _, _ in Formatter().parse(text) if field}

    assert list_fields(language.spoken_lead) == {"speaker", "when"}
    assert list_fields(language.read_lead) == {"where", "when"}
    assert list_fields(language.spoken_when) == {"time"}
    assert list_fields(language.read_when) == {"date"}
    assert "\n" not in language.spoken_lead + language.read_lead


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_words_are_case_folded(language: SpacedLanguage | UnspacedLanguage) -> None:
    assert len(language.stop_words) > 100
    groups = [language.months, language.negations, language.vague_openings, language.persons, language.hedges]
    if isinstance(language, SpacedLanguage):
        assert set(language.months.values()) == set(range(1, 13))
        groups += [language.number_words, language.scales, language.determiners, language.name_cues]
        assert language.code != "de" or language.number_words["dreissig"] == 30
        groups += [language.common_nouns, language.abbreviations, language.title_cues]
    for group in groups:
        assert [word for word in group if fold_case(word) != word] == []


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_patterns_take_linear_time(language: SpacedLanguage | UnspacedLanguage) -> None:
    """They are run on sentences of a few hundred characters; these have a hundred times as many."""
    pieces = ["ich ", "mein ", "yo soy ", "je suis ", "mon père ", "我", "我的妈妈", "a", "a ", "1", "是"]
    for pattern in (*language.lasting_facts, *language.thing_patterns):
        compiled = re.compile(pattern, re.IGNORECASE)
        for piece in pieces:
            before = time.process_time()
            compiled.findall(piece * (20_000 // len(piece)))
            assert time.process_time() - before < 2, (pattern, piece)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1998 年 3 月", "1998年3月"),
        ("81 号公约", "81号公约"),
        ("Level 3 Communications", "Level 3 Communications"),
        ("与 Level 3 合作", "与Level 3合作"),
        ("", ""),
    ],
)
def test_unneeded_spaces(text: str, expected: str) -> None:
    assert drop_unneeded_spaces(text) == expected
