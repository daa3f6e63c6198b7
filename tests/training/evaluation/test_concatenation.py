"""Concatenated instances: their length, their questions, and dates that continue."""

from itertools import pairwise

import pytest

from tests.training.factories import make_instance, make_question
from training.evaluation.concatenation import concatenate_by_length, concatenate_instances
from training.memory.schema import EpisodeFact, EpisodeInput


def make_book(name: str, split: str = "test", chunks: int = 3) -> EpisodeInput:
    """Make an instance with a day per chunk, and a question that names the second day."""
    days = [f"2024-01-{number + 1:02}" for number in range(chunks)]
    texts = [f"[Event happened on {day}]\n{name} did a thing in 2024-01-02 or so" for day in days]
    questions = [make_question(f"{name}: what was read on 2024-01-02, not 1999-01-02?", "a thing")]
    return make_instance(name, texts, questions, split, [f"{day} 00:00" for day in days])


def test_an_instance_is_long_enough_and_has_questions_of_test_instances_only() -> None:
    tests = [make_book("a"), make_book("b")]
    fillers = [make_book("c", "train"), make_book("d", "train")]
    length = tests[0].tokens * 3
    joined = concatenate_instances(tests, fillers, length, 100, 7)
    assert joined is not None and joined.tokens == length and len(joined.chunks) == 9
    assert joined.id == f"made/stretched-{length}" and joined.split == "test"
    names = {question.text[0] for question in joined.questions}
    assert names == {"a", "b"}
    assert concatenate_instances(tests, fillers, tests[0].tokens * 4 + 1, 100, 7) is None


def test_no_more_instances_are_used_than_needed() -> None:
    joined = concatenate_instances([make_book("a"), make_book("b")], [], 10, 100, 7)
    assert joined is not None and len(joined.chunks) == 3


def test_synthetic_dates_continue_in_chunks_and_questions() -> None:
    tests = [make_book("a"), make_book("b")]
    joined = concatenate_instances(tests, [], tests[0].tokens * 2, 100, 7)
    assert joined is not None
    times = [chunk.time for chunk in joined.chunks]
    assert times == [f"2024-01-{day:02} 00:00" for day in range(1, 7)]
    for chunk, original in zip(joined.chunks, [*tests[0].chunks, *tests[0].chunks], strict=True):
        first, rest = chunk.text.split("\n")
        assert chunk.time[:10] in first
        assert "2024-01-02 or so" in rest  # the text itself is left as it was
        assert len(chunk.text) == len(original.text)
    order = ["a" if "\na did" in chunk.text else "b" for chunk in joined.chunks]
    for question in joined.questions:
        day = 2 + (3 if order[0] != question.text[0] else 0)
        assert f"on 2024-01-{day:02}, not 1999-01-02" in question.text


def test_questions_stay_with_the_chunk_that_they_are_asked_after() -> None:
    tests = []
    for name in "ab":
        one = make_book(name)
        one.questions = [
            make_question(f"{name} early", "x", after=1),
            make_question(f"{name} at the end", "x"),
            make_question(f"{name} never", metric="abstain"),
        ]
        tests.append(one)
    tests[1].facts = [EpisodeFact("User", "city", "Leeds", 0)]
    joined = concatenate_instances(tests, [], tests[0].tokens * 2, 100, 7)
    assert joined is not None and joined.facts == []
    starts = {
        name: next(i for i, one in enumerate(joined.chunks) if f"\n{name} " in one.text) for name in "ab"
    }
    after = {question.text: question.after_chunk for question in joined.questions}
    assert after["a early"] == starts["a"] + 1 and after["b early"] == starts["b"] + 1
    assert after["a at the end"] is None and after["b at the end"] == starts["b"] + 2
    assert "a never" in after and ("b never" in after) == (starts["b"] == 0)


def test_real_timestamps_are_kept() -> None:
    instances = [
        make_instance(
            name,
            [f"[Dialogue at {time}]\nhello"],
            [make_question("x 2018-05-03?", "y")],
            "test",
            [time],
            True,
        )
        for name, time in (("a", "2018-05-03 10:00"), ("b", "2018-05-01 10:00"))
    ]
    joined = concatenate_instances(instances, [], instances[0].tokens + 1, 100, 7)
    assert joined is not None
    assert sorted(chunk.time for chunk in joined.chunks) == ["2018-05-01 10:00", "2018-05-03 10:00"]
    assert {question.text for question in joined.questions} == {"x 2018-05-03?"}


def test_at_most_max_questions_are_kept_in_order_of_their_ids() -> None:
    tests = [make_book(name) for name in "abcdef"]
    joined = concatenate_instances(tests, [], sum(one.tokens for one in tests), 3, 7)
    assert joined is not None and len(joined.questions) == 3
    assert all(one.id < other.id for one, other in pairwise(joined.questions))


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_gives_the_same_instance_in_any_input_order(seed: int) -> None:
    tests = [make_book(name) for name in "abcdef"]
    joined = [concatenate_instances(list(order), [], 40, 100, seed) for order in (tests, reversed(tests))]
    assert joined[0] == joined[1]


def test_a_label_question_is_left_out_where_a_chunk_shows_its_sample() -> None:
    shown = "[Dialogue]\nSample: Who wrote  Emma ?\nLabel: 3"
    ask = "Which number is the label of this sample?\nSample: "
    questions = [
        make_question(f"{ask}{text}", "3", metric="exact")
        for text in ("Who wrote Emma ?", "Who wrote Dune ?")
    ]
    tests = [
        make_instance("a", ["[Dialogue]\nSample: Where ?\nLabel: 4"], questions),
        make_instance("b", [shown]),
    ]
    joined = concatenate_instances(tests, [], sum(one.tokens for one in tests), 100, 7)
    assert joined is not None and [one.text for one in joined.questions] == [f"{ask}Who wrote Dune ?"]


def test_only_sources_with_enough_tokens_get_an_instance_of_a_length() -> None:
    tests, train = [make_book("a")], [make_book("c", "train")]
    by_length = concatenate_by_length(tests, train, [tests[0].tokens, 10 * tests[0].tokens], 100, 7)
    assert [len(instances) for instances in by_length.values()] == [1, 0]
    assert concatenate_by_length(tests, train, [], 100, 7) == {}
