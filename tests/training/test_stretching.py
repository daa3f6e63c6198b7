"""Stretched instances: long enough, asked of test instances only, with dates that go on."""

from itertools import pairwise

import pytest

from tests.training.making import instance, question
from training.schema import InstanceToPlay
from training.stretching import by_length, stretched


def book(name: str, split: str = "test", chunks: int = 3) -> InstanceToPlay:
    """A day per chunk, and a question that names the second day."""
    days = [f"2024-01-{number + 1:02}" for number in range(chunks)]
    texts = [f"[Event happened on {day}]\n{name} did a thing in 2024-01-02 or so" for day in days]
    asked = [question(f"{name}: what was read on 2024-01-02, not 1999-01-02?", "a thing")]
    return instance(name, texts, asked, split, [f"{day} 00:00" for day in days])


def test_long_enough_and_asked_of_tests_only() -> None:
    tests = [book("a"), book("b")]
    fillers = [book("c", "train"), book("d", "train")]
    whole = tests[0].tokens * 3
    made = stretched(tests, fillers, whole, 100, 7)
    assert made is not None and made.tokens == whole and len(made.chunks) == 9
    assert made.id == f"made/stretched-{whole}" and made.split == "test"
    names = {asked.text[0] for asked in made.questions}
    assert names == {"a", "b"}
    assert stretched(tests, fillers, tests[0].tokens * 4 + 1, 100, 7) is None


def test_no_more_than_are_needed() -> None:
    made = stretched([book("a"), book("b")], [], 10, 100, 7)
    assert made is not None and len(made.chunks) == 3


def test_dates_go_on_in_chunks_and_questions() -> None:
    tests = [book("a"), book("b")]
    made = stretched(tests, [], tests[0].tokens * 2, 100, 7)
    assert made is not None
    times = [chunk.time for chunk in made.chunks]
    assert times == [f"2024-01-{day:02} 00:00" for day in range(1, 7)]
    for chunk, original in zip(made.chunks, [*tests[0].chunks, *tests[0].chunks], strict=True):
        first, rest = chunk.text.split("\n")
        assert chunk.time[:10] in first
        assert "2024-01-02 or so" in rest  # the text itself is left as it was
        assert len(chunk.text) == len(original.text)
    order = ["a" if "\na did" in chunk.text else "b" for chunk in made.chunks]
    for asked in made.questions:
        day = 2 + (3 if order[0] != asked.text[0] else 0)
        assert f"on 2024-01-{day:02}, not 1999-01-02" in asked.text


def test_real_timestamps_stay() -> None:
    spoken = [
        instance(
            name, [f"[Dialogue at {time}]\nhello"], [question("x 2018-05-03?", "y")], "test", [time], True
        )
        for name, time in (("a", "2018-05-03 10:00"), ("b", "2018-05-01 10:00"))
    ]
    made = stretched(spoken, [], spoken[0].tokens + 1, 100, 7)
    assert made is not None
    assert sorted(chunk.time for chunk in made.chunks) == ["2018-05-01 10:00", "2018-05-03 10:00"]
    assert {asked.text for asked in made.questions} == {"x 2018-05-03?"}


def test_a_sample_of_the_questions() -> None:
    tests = [book(name) for name in "abcdef"]
    made = stretched(tests, [], sum(one.tokens for one in tests), 3, 7)
    assert made is not None and len(made.questions) == 3
    assert all(one.id < other.id for one, other in pairwise(made.questions))


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_gives_the_same(seed: int) -> None:
    tests = [book(name) for name in "abcdef"]
    made = [stretched(list(order), [], 40, 100, seed) for order in (tests, reversed(tests))]
    assert made[0] == made[1]


def test_the_label_of_a_sample_that_is_shown_is_not_asked() -> None:
    shown = "[Dialogue]\nSample: Who wrote  Emma ?\nLabel: 3"
    ask = "Which number is the label of this sample?\nSample: "
    asked = [
        question(f"{ask}{text}", "3", metric="exact") for text in ("Who wrote Emma ?", "Who wrote Dune ?")
    ]
    tests = [instance("a", ["[Dialogue]\nSample: Where ?\nLabel: 4"], asked), instance("b", [shown])]
    made = stretched(tests, [], sum(one.tokens for one in tests), 100, 7)
    assert made is not None and [one.text for one in made.questions] == [f"{ask}Who wrote Dune ?"]


def test_by_length_takes_the_sources_that_are_long_enough() -> None:
    tests, train = [book("a")], [book("c", "train")]
    found = by_length(tests, train, [tests[0].tokens, 10 * tests[0].tokens], 100, 7)
    assert [len(of) for of in found.values()] == [1, 0]
    assert by_length(tests, train, [], 100, 7) == {}
