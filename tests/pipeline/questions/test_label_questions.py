"""Label questions: never about a shown example or another split's, and the same at every build."""

import pytest

from pipeline.core.schema import Instance, InstanceQuestion, Segment, Span
from pipeline.questions.label_questions import make_label_questions
from tests.pipeline.questions.factories import make_instance

LABELS = ["fox", "owl", "wren"]


def make_example(split: str, label: str, number: int) -> Segment:
    name = f"made/{split}-{label}-{number}"
    text = f"{label} {number} of {split}"
    return Segment(name, Span("f.json", f"/{name}", 0, len(text)), split, None, None, None, label, text)


EXAMPLES = [
    make_example(split, label, number)
    for split, count in (("train", 12), ("test", 4))
    for label in LABELS
    for number in range(count)
]
BY_TEXT = {one.text: one for one in EXAMPLES}


def make_showing_instance(name: str, split: str, numbers: list[int], index: int = 0) -> Instance:
    """Make an instance that shows these examples of each label: in its second chunk those of wrens."""
    shown = [one for one in EXAMPLES if one.document == split and int(one.id.rsplit("-", 1)[1]) in numbers]
    first = {one.id: one.text for one in shown if one.label != "wren"}
    second = {one.id: one.text for one in shown if one.label == "wren"}
    labels = {one.id: one.label or "" for one in shown}
    return make_instance(name, first, second, labels=LABELS, shown=labels, document=split, index=index)


def make_questions(
    *instances: Instance, count: int = 10, seed: int = 20, examples: list[Segment] = EXAMPLES
) -> list[InstanceQuestion]:
    return list(make_label_questions(examples, instances, count, seed, "made"))


def find_examples(rows: list[InstanceQuestion]) -> list[Segment]:
    """Return the examples that the questions are about, by the text in them."""
    return [BY_TEXT[row.question.text.rpartition("Sample: ")[2]] for row in rows]


@pytest.mark.parametrize("split", ["train", "test"])
def test_questions_are_about_the_other_examples_of_the_split(split: str) -> None:
    instance = make_showing_instance("made/i", split, [0, 2])
    rows = make_questions(instance, count=1000)
    about = find_examples(rows)
    shown = {segment.id for chunk in instance.chunks for segment in chunk.segments}
    others = {one.id for one in EXAMPLES if one.document == split} - shown
    assert {one.id for one in about} == others
    assert len(about) == len(others)


def test_the_answer_is_the_label_number_and_the_evidence_shows_the_label() -> None:
    for row in make_questions(make_showing_instance("made/i", "train", [0, 2]), count=1000):
        (one,) = find_examples([row])
        question = row.question
        assert row.instance == "made/i"
        assert question.text == f"Which number is the label of this sample?\nSample: {one.text}"
        assert question.answers == [str(LABELS.index(one.label or ""))]
        assert question.evidence == [f"made/train-{one.label}-0", f"made/train-{one.label}-2"]
        assert question.evidence_chunks == ([1] if one.label == "wren" else [0])
        assert (question.metric, question.origin, question.source_span) == (
            "exact",
            "label",
            one.source_span,
        )


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 1), (6, 6), (7, 6)])
def test_an_instance_has_at_most_count_questions(count: int, expected: int) -> None:
    assert len(make_questions(make_showing_instance("made/i", "test", [0, 1]), count=count)) == expected


def test_questions_are_the_same_at_every_build() -> None:
    one, other = (
        make_showing_instance("made/i", "train", [0, 2]),
        make_showing_instance("made/j", "train", [1], index=1),
    )
    rows = make_questions(one, other)
    assert rows == make_questions(one, other)
    assert rows == make_questions(one, other, examples=EXAMPLES[::-1])
    assert sorted(rows, key=repr) == sorted(make_questions(other, one), key=repr)
    assert [row for row in rows if row.instance == "made/j"] == make_questions(other)
    assert rows[:5] == make_questions(one, count=5)


def test_examples_are_drawn_anew_for_each_instance_and_seed() -> None:
    one, other = (
        make_showing_instance("made/i", "train", [0]),
        make_showing_instance("made/j", "train", [0], index=1),
    )
    drawn = find_examples(make_questions(one))
    assert drawn != find_examples(make_questions(other))
    assert drawn != find_examples(make_questions(one, seed=21))
    assert {example.label for example in drawn} == set(LABELS)


def test_ids_are_unique() -> None:
    rows = make_questions(
        make_showing_instance("made/i", "train", [0]),
        make_showing_instance("made/j", "train", [1], index=1),
        count=1000,
    )
    assert len({row.question.id for row in rows}) == len(rows)
