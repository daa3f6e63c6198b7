"""Replies in other languages: numbers and dates by value, denials, and no parts of words or numbers."""

import time

import pytest

from pipeline.matching.match import matches_answer


@pytest.mark.parametrize(
    ("language", "reply", "answer"),
    [
        ("de", "Es war Hamburg.", "Hamburg"),
        ("de", "Nicht Berlin, sondern Hamburg", "Hamburg"),
        ("de", "die NFL", "NFL"),
        ("de", "NFL", "die NFL"),
        ("de", "Es waren 1.234,5 Meter", "1234,5"),
        ("de", "12 Kinder", "zwölf"),
        ("de", "3 Millionen Menschen", "3.000.000"),
        ("de", "am 1.3.1979", "1. März 1979"),
        ("de", "am 1. März 1979", "1. März 1979"),
        ("de", "1979-03-01", "1. März 1979"),
        ("de", "im März 1979", "März 1979"),
        ("es", "El 1 de marzo de 1979", "1 de marzo de 1979"),
        ("es", "1/3/1979", "1 de marzo de 1979"),
        ("es", "Es Bogota", "Bogotá"),
        ("es", "34", "treinta y cuatro"),
        ("es", "1 234,5 metros", "1.234,5"),
        ("fr", "le 1er mars 1979", "1 mars 1979"),
        ("fr", "10 000 personnes", "10000"),
        ("fr", "22", "vingt-deux"),
        ("fr", "21", "vingt et un"),
        ("zh", "他出生于芝加哥。", "芝加哥"),
        ("zh", "不是芝加哥，是纽约", "纽约"),
        ("zh", "120名", "一百二十"),
        ("zh", "35000", "三万五千"),
        ("zh", "37600000000美元", "376亿"),
        ("zh", "2014年", "二〇一四"),
        ("zh", "1979 年 3 月 1 号", "1979年3月1日"),
        ("zh", "1979-03-01", "1979年3月1日"),
        ("zh", "由 digital equipment corporation 设计", "Digital Equipment Corporation"),
    ],
)
def test_an_answer_is_found(language: str, reply: str, answer: str) -> None:
    assert matches_answer(reply, ["nothing of this", answer], language)


@pytest.mark.parametrize(
    ("language", "reply", "answer"),
    [
        ("de", "Nicht Berlin, sondern Hamburg", "Berlin"),
        ("de", "die Chicagoer Universität", "Chicago"),
        ("de", "fünf Millionen", "5"),
        ("de", "1.234", "1,234"),
        ("de", "", "Berlin"),
        ("es", "No es Bogotá", "Bogotá"),
        ("es", "Jamás vivió en Bogotá", "Bogotá"),
        ("es", "el 2 de marzo de 1979", "1 de marzo de 1979"),
        ("fr", "Ce n'est pas Paris", "Paris"),
        ("fr", "vingt", "vingt et un"),
        ("zh", "不是芝加哥，是纽约", "芝加哥"),
        ("zh", "125公里", "25"),
        ("zh", "三百二十名", "120"),
        ("zh", "", "芝加哥"),
        ("zh", "芝加哥", ""),
    ],
)
def test_another_answer_is_not_found(language: str, reply: str, answer: str) -> None:
    assert not matches_answer(reply, [answer], language)


def test_a_language_that_rules_do_not_know_is_read_as_english() -> None:
    assert matches_answer("It was 2 million", ["2,000,000"], "ar")
    assert matches_answer("It was 2 million", ["2,000,000"])


@pytest.mark.parametrize("language", ["de", "zh"])
@pytest.mark.parametrize("piece", ["1", "1.", "一", "a ", "nicht ", "不是", "1 000 ", "1.3.", "年"])
def test_long_replies_take_linear_time(language: str, piece: str) -> None:
    before = time.process_time()
    matches_answer(piece * (60_000 // len(piece)), ["1. März 1979", "一百二十"], language)
    assert time.process_time() - before < 5
