"""A protected n-gram is found wherever it stands, and a shorter one is not."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.schema import Instance, Origin
from tests.pipeline.dedup.factories import PARAMS, select
from tests.pipeline.questions.factories import make_instance, make_question

LENGTH = 13
RUN = "on the last day of March the old owl moved into our barn"
assert len(RUN.split()) == LENGTH


def instance_of_texts(name: str, *chunks: Sequence[str]) -> Instance:
    """An instance of chunks of segments with these texts."""
    return make_instance(
        name,
        *(
            {f"{name}/{number}/{place}": text for place, text in enumerate(texts)}
            for number, texts in enumerate(chunks)
        ),
    )


def instance_with_question(name: str, text: str, origin: Origin = "source") -> Instance:
    """An instance with a question."""
    made = instance_of_texts(name, [f"{name} has a text of its own"])
    return replace(made, questions=[replace(make_question(text=text), origin=origin)])


def overlap_detail(train: Instance, *protected: Instance, length: int = LENGTH) -> str | None:
    tests = [replace(one, split="test") for one in protected]
    params = PARAMS.model_copy(update={"decontamination_ngram": length})
    _, rejects = select([train, *tests], params)
    found = [one.detail for one in rejects if one.reason == "shares text with test"]
    return found[0] if found else None


def test_a_shared_ngram_is_found_and_quoted() -> None:
    train = instance_of_texts("a", ["Before."], ["Well, " + RUN.upper().replace(" ", ",\n") + "! After."])
    assert overlap_detail(train, instance_of_texts("b", [RUN + " yesterday"])) == (
        f"1 runs of words stand in test too, the first: {RUN.lower()!r}"
    )


def test_shared_ngrams_are_counted() -> None:
    text = "so " + RUN + " yesterday"
    found = overlap_detail(instance_of_texts("a", [text], [RUN]), instance_of_texts("b", [text]))
    assert found is not None
    assert found.startswith("4 runs ")
    assert found.endswith("'so on the last day of march the old owl moved into our'")


def test_a_shorter_shared_text_passes() -> None:
    """The words before and after it do not matter."""
    twelve = RUN.rpartition(" ")[0]
    one, other = (
        instance_of_texts("a", [f"hear {twelve} barns"]),
        instance_of_texts("b", [f"say {twelve} bars"]),
    )
    assert overlap_detail(one, other) is None
    assert overlap_detail(one, other, length=12)


def test_ngrams_cross_segments_and_not_chunks() -> None:
    first, last = " ".join(RUN.split()[:5]), " ".join(RUN.split()[5:])
    test = instance_of_texts("b", [RUN])
    assert overlap_detail(instance_of_texts("a", [first, last]), test)
    assert overlap_detail(instance_of_texts("a", [first], [last]), test) is None
    assert overlap_detail(test, instance_of_texts("a", [first, last]))


def test_the_template_of_a_chunk_does_not_count() -> None:
    made = [instance_of_texts(name, [name]) for name in "ab"]
    for one in made:
        one.chunks[0].text += RUN
    assert overlap_detail(*made) is None


def test_a_segment_is_found_by_its_id() -> None:
    one = make_instance("a", {"same": "short", "other": "x"})
    other = make_instance("b", {"same": "quite another", "more": "x"})
    assert overlap_detail(one, other) == "1 segments stand in test too"


@pytest.mark.parametrize("origin", ["source", "label", "cloze", "generated"])
def test_questions_are_protected_and_searched(origin: Origin) -> None:
    question = instance_with_question("a", f"What is missing?\nThey say {RUN}.", origin)
    text = instance_of_texts("b", [f"I heard {RUN} then"])
    assert overlap_detail(question, text)
    assert overlap_detail(text, question)
    assert overlap_detail(question, instance_with_question("b", RUN, origin))


def test_the_template_of_a_question_does_not_count() -> None:
    one, other = (instance_with_question(name, f"{RUN}\nWho {name}?", "cloze") for name in "ab")
    assert overlap_detail(one, other) is None
    assert (
        overlap_detail(
            instance_with_question("a", RUN, "summary"), instance_with_question("b", RUN, "summary")
        )
        is None
    )


@pytest.mark.parametrize(("words", "found"), [(7, False), (8, True), (12, True)])
def test_a_short_question_counts_whole(words: int, found: bool) -> None:
    short = " ".join(RUN.split()[:words])
    assert (
        bool(
            overlap_detail(
                instance_with_question("a", short), instance_with_question("b", short.upper() + "?")
            )
        )
        == found
    )
    assert (
        overlap_detail(instance_with_question("a", short + " then"), instance_with_question("b", short))
        is None
    )


def test_several_splits_are_protected_together() -> None:
    test, evaluation = instance_of_texts("b", ["something else"]), instance_with_question("c", RUN)
    train = instance_of_texts("a", [RUN])
    assert overlap_detail(train, test) is None
    assert overlap_detail(train, test, evaluation)


def test_without_protected_instances_nothing_is_found() -> None:
    assert overlap_detail(instance_of_texts("a", [RUN])) is None


WORDS = st.lists(st.sampled_from(["owl", "fox", "wren", "barn"]), max_size=40)


@settings(max_examples=25, deadline=None)
@given(WORDS, WORDS, st.integers(5, 7))
def test_overlaps_agree_with_a_plain_search(one: list[str], other: list[str], length: int) -> None:
    protected = {tuple(other[start : start + length]) for start in range(len(other) - length + 1)}
    shared = [
        start for start in range(len(one) - length + 1) if tuple(one[start : start + length]) in protected
    ]
    found = overlap_detail(
        instance_of_texts("a", [" ".join(one)]), instance_of_texts("b", [" ".join(other)]), length=length
    )
    if shared:
        quote = " ".join(one[shared[0] : shared[0] + length])
        assert found == f"{len(shared)} runs of words stand in test too, the first: {quote!r}"
    else:
        assert found is None
