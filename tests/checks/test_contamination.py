"""A run of words that is protected is found wherever it stands, and no shorter one is."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.contamination import Protected
from pipeline.schema import Instance, Origin
from tests.questions.making import make_instance, make_question

LENGTH = 13
RUN = "on the last day of March the old owl moved into our barn"
assert len(RUN.split()) == LENGTH


def instance(name: str, *chunks: Sequence[str]) -> Instance:
    """An instance of chunks of segments with these texts."""
    return make_instance(
        name,
        *(
            {f"{name}/{number}/{place}": text for place, text in enumerate(texts)}
            for number, texts in enumerate(chunks)
        ),
    )


def asking(name: str, text: str, origin: Origin = "carried") -> Instance:
    """An instance with a question."""
    made = instance(name, [f"{name} has a text of its own"])
    return replace(made, questions=[replace(make_question(text=text), origin=origin)])


def detail(train: Instance, *protected: Instance, length: int = LENGTH) -> str | None:
    found = Protected(protected, length).shared_by(train)
    assert found is None or found.reason == "shares text with test"
    return found.detail if found else None


def test_a_run_is_found_and_quoted() -> None:
    train = instance("a", ["Before."], ["Well, " + RUN.upper().replace(" ", ",\n") + "! After."])
    assert detail(train, instance("b", [RUN + " yesterday"])) == (
        f"1 runs of words stand in test too, the first: {RUN.lower()!r}"
    )


def test_runs_are_counted() -> None:
    text = "so " + RUN + " yesterday"
    found = detail(instance("a", [text], [RUN]), instance("b", [text]))
    assert found is not None
    assert found.startswith("4 runs ")
    assert found.endswith("'so on the last day of march the old owl moved into our'")


def test_a_shorter_run_passes() -> None:
    """Whatever the words before and after."""
    twelve = RUN.rpartition(" ")[0]
    one, other = instance("a", [f"hear {twelve} barns"]), instance("b", [f"say {twelve} bars"])
    assert detail(one, other) is None
    assert detail(one, other, length=12)


def test_a_run_goes_over_segments_and_not_over_chunks() -> None:
    first, last = " ".join(RUN.split()[:5]), " ".join(RUN.split()[5:])
    test = instance("b", [RUN])
    assert detail(instance("a", [first, last]), test)
    assert detail(instance("a", [first], [last]), test) is None
    assert detail(test, instance("a", [first, last]))


def test_what_a_chunk_has_around_its_segments_does_not_count() -> None:
    made = [instance(name, [name]) for name in "ab"]
    for one in made:
        one.chunks[0].text += RUN
    assert detail(*made) is None


def test_a_segment_is_found_by_its_id() -> None:
    one = make_instance("a", {"same": "short", "other": "x"})
    other = make_instance("b", {"same": "quite another", "more": "x"})
    assert detail(one, other) == "1 segments stand in test too"


@pytest.mark.parametrize("origin", ["carried", "held-out", "cloze", "written"])
def test_a_question_is_protected_and_looked_through(origin: Origin) -> None:
    question = asking("a", f"What is missing?\nThey say {RUN}.", origin)
    text = instance("b", [f"I heard {RUN} then"])
    assert detail(question, text)
    assert detail(text, question)
    assert detail(question, asking("b", RUN, origin))


def test_the_frame_of_a_question_does_not_count() -> None:
    one, other = (asking(name, f"{RUN}\nWho {name}?", "cloze") for name in "ab")
    assert detail(one, other) is None
    assert detail(asking("a", RUN, "summary"), asking("b", RUN, "summary")) is None


@pytest.mark.parametrize(("words", "found"), [(7, False), (8, True), (12, True)])
def test_a_short_question_counts_whole(words: int, found: bool) -> None:
    short = " ".join(RUN.split()[:words])
    assert bool(detail(asking("a", short), asking("b", short.upper() + "?"))) == found
    assert detail(asking("a", short + " then"), asking("b", short)) is None


def test_several_sets_are_protected_together() -> None:
    test, evaluation = instance("b", ["something else"]), asking("c", RUN)
    train = instance("a", [RUN])
    assert detail(train, test) is None
    assert detail(train, test, evaluation)


def test_nothing_protected_finds_nothing() -> None:
    assert detail(instance("a", [RUN])) is None


WORDS = st.lists(st.sampled_from(["owl", "fox", "wren", "barn"]), max_size=40)


@given(WORDS, WORDS, st.integers(5, 7))
def test_it_finds_what_a_plain_search_finds(one: list[str], other: list[str], length: int) -> None:
    protected = {tuple(other[start : start + length]) for start in range(len(other) - length + 1)}
    shared = [
        start for start in range(len(one) - length + 1) if tuple(one[start : start + length]) in protected
    ]
    found = detail(instance("a", [" ".join(one)]), instance("b", [" ".join(other)]), length=length)
    if shared:
        quote = " ".join(one[shared[0] : shared[0] + length])
        assert found == f"{len(shared)} runs of words stand in test too, the first: {quote!r}"
    else:
        assert found is None
