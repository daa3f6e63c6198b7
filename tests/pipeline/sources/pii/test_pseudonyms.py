"""Pseudonyms: nothing is found in a masked text, and a value has one pseudonym of its length everywhere."""

from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.sources.pii.pseudonyms import Pseudonyms
from pipeline.text.pii import find_pii_spans
from tests.pipeline.checks.test_pii import PEM
from tests.pipeline.sources.pii.values import KEY, VALUES, texts, values

GERMAN = Pseudonyms(KEY, "de")


@settings(deadline=None)  # a country's numbers are read from disk once
@given(texts)
@example("4111 1111 1111 1111, 2133734253@site.edu, then 281-330-8004, ann@site.edu; 281-330-8004.")
@example("+49 30 901820+49 30 901820")
def test_a_masked_text_is_as_long_and_has_no_finding(text: str) -> None:
    masked = GERMAN.mask(text)
    assert len(masked) == len(text)
    assert find_pii_spans(masked, "de") == []
    assert GERMAN.mask(masked) == masked
    found = find_pii_spans(text, "de")
    assert [value for _, span in found if (value := text[slice(*span)]) in masked] == []
    if not found:
        assert masked == text


@settings(deadline=None)
@given(values, st.sampled_from(["{}", "({})", "{}, no.", "Mail or call {} today!", "在{}。"]))
def test_a_value_has_the_same_pseudonym_in_any_text(value: str, frame: str) -> None:
    before, after = frame.split("{}")
    masked = GERMAN.mask(value)
    assert masked != value
    assert GERMAN.mask(frame.format(value)) == before + masked + after
    assert Pseudonyms(KEY, "de").mask(value) == masked
    assert Pseudonyms("other" + KEY, "de").mask(value) != masked


def test_other_values_have_other_pseudonyms() -> None:
    mails = [f"{name}{number}@site.edu" for name in ("ann", "bob.lee") for number in range(5_000)]
    phones = [f"281-330-{number:04}" for number in range(1_000, 6_000)]
    different = [*VALUES, *mails, *phones]
    assert len({GERMAN.mask(value) for value in different}) == len(different)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0170 1234567", "+49 170 1234567"),
        ("0170 1234567", "0170/1234567"),
        ("281-330-8004", "+1 281-330-8004"),
        ("4111 1111 1111 1111", "4111111111111111"),
    ],
)
def test_the_letters_of_a_number_do_not_depend_on_how_it_is_written(one: str, other: str) -> None:
    letters = ["".join(filter(str.isalpha, GERMAN.mask(text))) for text in (one, other)]
    assert letters[0] == letters[1] != ""


def test_an_answer_that_stands_in_its_evidence_still_does() -> None:
    evidence = GERMAN.mask("You reach me at +1 281-330-8004, or at Ann@Site.edu.")
    for answer in ("281-330-8004", "ann@site.edu", "Site"):
        assert GERMAN.mask(answer).casefold() in evidence.casefold() or answer == "Site"
    assert "+1 " in evidence


def test_pseudonyms_look_like_what_they_replace() -> None:
    masked = [
        GERMAN.mask(value) for value in ("anna.meier@gmx.de", "+49 170 1234567", "a@b.de", "030 901820")
    ]
    shapes = ["".join("A" if char.isalpha() else char for char in text) for text in masked]
    assert shapes == ["AAAAA-AAAAAAAAAAA", "+49 AAA AAAAAAA", "AAAAAA", "0AA AAAAAA"]
    assert masked[0].startswith("EMAIL-")
    pem = GERMAN.mask(PEM)
    assert pem.startswith("KEY-") and len(pem) == len(PEM)


def test_values_are_counted_by_kind() -> None:
    counts = Counter[str]()
    GERMAN.mask("ann@site.edu, bob@site.edu, 0170 1234567", counts)
    assert counts == {"email": 2, "phone": 1}
