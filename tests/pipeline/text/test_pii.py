"""Phone numbers of a language's countries, and the runs of digits that are searched for numbers."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.text import pii
from pipeline.text.pii import find_pii_spans


@settings(deadline=None)
@given(st.text("0123456789\u0661+ -–().\u2003x\n", max_size=60))
@example("+1234567")
@example("1 2–3\u20034 5 6 7 8 \u0661")
def test_digits_in_runs_are_those_that_the_pattern_finds(text: str) -> None:
    assert pii._has_many_digits(text) is (pii._MANY_DIGITS.search(text) is not None)


@pytest.mark.parametrize(
    ("language", "text", "numbers"),
    [
        (
            "de",
            "Ruf an: 0170 1234567, 030 901820 oder 0511 1234567.",
            ["0170 1234567", "030 901820", "0511 1234567"],
        ),
        ("fr", "Appelle le 06 12 34 56 78 ou le 01.42.68.53.00 !", ["06 12 34 56 78", "01.42.68.53.00"]),
        ("es", "Llama al 612 345 678.", ["612 345 678"]),
        ("zh", "我的手机号是13812345678，电话010-62345678。", ["13812345678", "010-62345678"]),
        ("de", "Call 281-330-8004 or +33 1 42 68 53 00.", ["281-330-8004", "+33 1 42 68 53 00"]),
    ],
)
def test_phone_numbers_of_a_language_need_no_country_code(
    language: str, text: str, numbers: list[str]
) -> None:
    assert [text[slice(*span)] for _, span in find_pii_spans(text, language)] == numbers
    assert [text[slice(*span)] for _, span in find_pii_spans(text, "fi")] == [
        number for number in numbers if number[0] == "+" or number == "281-330-8004"
    ]


def test_a_number_behind_many_that_are_none_is_found() -> None:
    text = "1234567890 " * 70_000 + "281-330-8004"
    assert [text[slice(*span)] for _, span in find_pii_spans(text)] == ["281-330-8004"]


def test_a_private_key_without_its_footer_is_found_to_its_last_line() -> None:
    header = "-----BEGIN " + "PRIVATE KEY-----"
    lines = "\n".join([header, "QX7ZLMPTRW2KDNS4" * 4, "Zx81qLmP0tRw7KdNs4Yb=="])
    for text, found in [(f"Mine: {lines}\nBye now", lines), (f"{header} is its header", header)]:
        assert [text[slice(*span)] for _, span in find_pii_spans(text)] == [found]
