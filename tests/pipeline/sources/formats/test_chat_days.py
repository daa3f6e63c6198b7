"""Days of a chat: a conversation that goes on after midnight is of the day before."""

import pytest

from pipeline.sources.formats.chat_days import ChatMessage, iter_days


@pytest.mark.parametrize(
    ("times", "days"),
    [
        (["22 23:59", "23 00:02", "23 00:04", "23 10:00"], {"22": 3, "23": 1}),
        (["22 23:30", "23 00:25", "23 01:20", "23 02:19", "23 03:19"], {"22": 4, "23": 1}),  # an hour's pause
        (["22 22:59", "23 00:00"], {"22": 1, "23": 1}),
        (["22 23:50", "23 00:10", "23 00:20", "24 00:10", "24 00:20"], {"22": 3, "24": 2}),
        ([f"{22 + hour // 24} {hour % 24:02}:{minute:02}" for hour in range(22, 32) for minute in (0, 30)],
         {"22": 16, "23": 4}),  # until six
        (["22 23:50", "23 00:10", "22 23:55", "23 00:20"], {"22": 4}),  # out of order
        (["23 00:20", "23 00:10", "22 23:50"], {"22": 3}),  # the newest first
        (["22 10:00", "22 23:00"], {"22": 2}),
        ([], {}),
    ],
)  # fmt: skip
def test_days(times: list[str], days: dict[str, int]) -> None:
    messages = [
        ChatMessage("Hello", "", number, "Ann", f"2024-12-{time}") for number, time in enumerate(times)
    ]
    documents = list(iter_days("made", "a.txt", "a", messages))
    assert {one.name[-2:]: len(one.segments) for one in documents} == days
    assert all(one.sections[0].name == one.name for one in documents)
