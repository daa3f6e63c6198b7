"""Dates in the names of files: what is surely one is read, and becomes a title's."""

from datetime import datetime

import pytest

from pipeline.text.file_dates import find_file_days, find_last_day
from pipeline.text.segment_names import make_title


@pytest.mark.parametrize(
    ("path", "day", "title"),
    [
        ("2025-04-19-easter-whitby.md", "2025-04-19", "2025-04-19 easter whitby"),
        ("notes/2025-05-02 recipe.md", "2025-05-02", "2025-05-02 recipe"),
        ("2025-03-22_shed_roof.md", "2025-03-22", "2025-03-22 shed roof"),
        ("easter-2025-04-19.md", "2025-04-19", "easter 2025-04-19"),
        ("easter_2025_04_19.txt", "2025-04-19", "easter 2025-04-19"),
        ("2025_04_19.md", "2025-04-19", "2025-04-19"),
        ("2025.04.19 Easter.md", "2025-04-19", "2025-04-19 Easter"),
        ("20250419-easter.md", "2025-04-19", "2025-04-19 easter"),
        ("20250419.md", "2025-04-19", "2025-04-19"),
        ("IMG_20250419_12.md", "2025-04-19", "IMG 2025-04-19 12"),
        ("20250419T1030 call.md", "2025-04-19", "2025-04-19 T1030 call"),
        ("19.04.2025 Ostern.md", "2025-04-19", "2025-04-19 Ostern"),
        ("03.02.2025.md", "2025-02-03", "2025-02-03"),
        ("call 19-04-2025.md", "2025-04-19", "call 2025-04-19"),
        ("04-19-2025 call.md", "2025-04-19", "2025-04-19 call"),
        ("journal/2025/04/19.md", "2025-04-19", "2025-04-19"),
        ("2025/04/19.md", "2025-04-19", "2025-04-19"),
        ("journal/2025/04/19-easter.md", "2025-04-19", "2025-04-19 easter"),
        ("journal/2025-04/19.md", "2025-04-19", "2025-04-19"),
        ("journal/2025/2025-04/19.md", "2025-04-19", "2025-04-19"),
        ("blog/2025/04/19/easter.md", "2025-04-19", "2025-04-19 easter"),
        ("2024/01/01/2025-04-19 easter.md", "2025-04-19", "2025-04-19 easter"),  # the name's own
    ],
)
def test_a_date_is_read_and_written_out(path: str, day: str, title: str) -> None:
    assert find_file_days(path) == [datetime.fromisoformat(day)]
    assert make_title(path) == title


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("03-02-2025 call.md", "03-02-2025 call"),  # February or March?
        ("2025-02-30 call.md", "2025-02-30 call"),
        ("order 20251345.md", "order 20251345"),
        ("order 120250419.md", "order 120250419"),
        ("a20250419b.md", "a20250419b"),
        ("12025-04-19.md", "12025-04-19"),
        ("2025-04-190.md", "2025-04-190"),
        ("250419 call.md", "250419 call"),
        ("2025-06-sleep.md", "2025-06-sleep"),
        ("2025-06-sleep-diary.md", "2025-06-sleep diary"),
        ("2025/04/trip.md", "trip"),
        ("2025/04/190.md", "190"),
        ("2025/04/19th.md", "19th"),
        ("2025/13/19.md", "19"),
        ("2025-04-19/trip.md", "trip"),
        ("1.2025-04.md", "1.2025-04"),
    ],
)
def test_what_is_not_surely_a_day_is_left_alone(path: str, title: str) -> None:
    assert find_file_days(path) == []
    assert make_title(path) == title


def test_of_several_days_none_is_the_file_s_own() -> None:
    assert find_file_days("2025-04-19 to 2025-04-21.md") == [datetime(2025, 4, 19), datetime(2025, 4, 21)]
    assert make_title("2025-04-19 to 2025-04-21.md") == "2025-04-19 to 2025-04-21"


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("2025-04-19 to 2025-04-21.md", datetime(2025, 4, 21)),
        ("2024-02-sleep.md", datetime(2024, 2, 29)),
        ("sleep_2024_12.md", datetime(2024, 12, 31)),
        ("2025-04-19.md", datetime(2025, 4, 19)),
        ("2025-13 a.md", None),
        ("2025.md", None),
    ],
)
def test_the_last_day_of_a_name(path: str, day: datetime | None) -> None:
    assert find_last_day(path) == day
