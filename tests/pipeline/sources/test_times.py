"""Times as files write them; of a day and a month, the one that is first is never guessed."""

import pytest

from pipeline.sources.times import (
    find_day_first,
    find_day_first_by_order,
    is_ambiguous,
    parse_time,
    parse_time_by_forms,
)


@pytest.mark.parametrize(
    ("value", "day_first", "time"),
    [
        ("17/03/2024 22:25:49", None, "2024-03-17 22:25"),
        ("03/17/2024 22:25", None, "2024-03-17 22:25"),
        ("03/02/2024", None, None),
        ("03/02/2024", True, "2024-02-03 00:00"),
        ("03/02/2024", False, "2024-03-02 00:00"),
        ("3-2-2024 9:05", True, "2024-02-03 09:05"),
        ("05/05/2024", None, "2024-05-05 00:00"),
        ("17/03/2024", False, "2024-03-17 00:00"),  # no other month
        ("2/3/2024, 9:05 PM", True, "2024-03-02 21:05"),
        ("2/3/2024 12:05 a.m.", True, "2024-03-02 00:05"),
        ("31/02/2024", None, None),
        ("13/13/2024", None, None),
        ("03.02.2024 10:00", None, "2024-02-03 10:00"),
        ("2024/02/03", None, "2024-02-03 00:00"),
    ],
)
def test_a_date_of_two_small_numbers_is_read_by_what_is_known(
    value: str, day_first: bool | None, time: str | None
) -> None:
    assert parse_time(value, day_first) == time


@pytest.mark.parametrize(
    ("value", "ambiguous"),
    [
        ("03/02/2024", True),
        ("2/3/2024, 9:05 PM", True),
        ("3-2-2024 9:05", True),
        ("05/05/2024", False),
        ("17/03/2024", False),
        ("03.02.2024", False),
        ("2024-03-02", False),
        (None, False),
    ],
)
def test_dates_that_may_be_of_two_months(value: object, ambiguous: bool) -> None:
    assert is_ambiguous(value) == ambiguous


@pytest.mark.parametrize(
    ("values", "day_first"),
    [
        (["02/03/2024", "17/03/2024 10:00", None, 5, "soon"], True),
        (["02/03/2024", "03/17/2024"], False),
        (["02/03/2024", "05/05/2024"], None),
        (["17/03/2024", "03/17/2024"], None),
        ([], None),
    ],
)
def test_other_dates_of_a_column_tell_which_number_is_the_day(
    values: list[object], day_first: bool | None
) -> None:
    assert find_day_first(values) is day_first


def test_a_number_beyond_all_years_is_not_a_time() -> None:
    assert parse_time("Sep 05, 2025, 10:00:00" + "9" * 30) is None


@pytest.mark.parametrize(
    ("value", "time"),
    [
        (" March-15-2024 ", "2024-03-15 00:00"),
        ("Sep 04, 2025, 21:12:31", "2025-09-04 21:12"),
        ("March-32-2024", None),
        ("March-15-0999", None),
        ("March-15-2024" + " " * 60 + "x", None),
        (20240315, None),
        (None, None),
    ],
)
def test_times_in_named_forms(value: object, time: str | None) -> None:
    assert parse_time_by_forms(value, ("%B-%d-%Y", "%b %d, %Y, %H:%M:%S")) == time


@pytest.mark.parametrize(
    ("values", "day_first"),
    [
        (["12/01/2024", "01/02/2024 09:00", "01/02/2024 08:00"], True),  # a clock may be set back
        (["01/11/2024", "02/03/2024", "02/04/2024", "03/01/2024"], False),
        (["03/04/2024", "03/05/2024"], None),
        (["03/04/2024"], None),
        (["02/01/2024", "01/02/2024", "05/01/2023"], None),  # not in order
        (["2024-01-02", "1.2.2024"], None),
        ([], None),
    ],
)
def test_the_order_of_entries_tells_the_day(values: list[str], day_first: bool | None) -> None:
    assert find_day_first_by_order(values) is day_first
