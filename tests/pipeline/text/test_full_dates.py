"""Dates in texts: with day, month and year, in words and in numbers."""

from datetime import datetime

import pytest

from pipeline.text.full_dates import find_full_dates


@pytest.mark.parametrize(
    "text",
    [
        "paid on 3 May 2025.",
        "the 3rd of May, 2025",
        "May 3, 2025: paid",
        "May 3rd 2025",
        "Sat 3 may 2025",
        "due 2025-05-03, paid",
        "2025/05/03",
        "am 3. Mai 2025",
        "el 3 de mayo de 2025",
        "le 3 mai 2025",
        "am 3.5.2025",
        "03.05.2025",
        "3\nMay\n2025",
    ],
)
def test_a_full_date_is_found(text: str) -> None:
    assert find_full_dates(text, 2024) == {datetime(2025, 5, 3)}


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("from 3 to 5 May 2025 and on 1 June 2024", {datetime(2025, 5, 5), datetime(2024, 6, 1)}),
        ("17/03/2025, 03/17/2025", {datetime(2025, 3, 17)}),
        ("15 Sept. 2024 and 15 Dec 2024", {datetime(2024, 9, 15), datetime(2024, 12, 15)}),
        ("3/2/2025", set()),
        ("3 May 1961", set()),
        ("31 June 2025", set()),
        ("May 2025, 5 in 2025, 3 May, 2.5.20255", set()),
        ("1.3.5.2025", set()),
        ("12025-05-03 and 2025-05-031", set()),
    ],
)
def test_what_is_a_full_date(text: str, days: set[datetime]) -> None:
    assert find_full_dates(text, 2024) == days
