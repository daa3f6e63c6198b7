"""Questions for labels: never of a shown example, never of the other side's, the same at every build."""

import pytest

from pipeline.questions.held_out import ask_labels
from pipeline.schema import AskedQuestion, Instance, Segment, Span
from tests.questions.making import make_instance

LABELS = ["fox", "owl", "wren"]


def example(side: str, label: str, number: int) -> Segment:
    name = f"made/{side}-{label}-{number}"
    text = f"{label} {number} of {side}"
    return Segment(name, Span("f.json", f"/{name}", 0, len(text)), side, None, None, None, label, text)


POOL = [
    example(side, label, number)
    for side, count in (("train", 12), ("test", 4))
    for label in LABELS
    for number in range(count)
]
BY_TEXT = {one.text: one for one in POOL}


def shows(name: str, side: str, numbers: list[int], ordinal: int = 0) -> Instance:
    """An instance that shows these examples of each label, half of the labels in each of two chunks."""
    mine = [one for one in POOL if one.document == side and int(one.id.rsplit("-", 1)[1]) in numbers]
    first = {one.id: one.text for one in mine if one.label != "wren"}
    second = {one.id: one.text for one in mine if one.label == "wren"}
    labels = {one.id: one.label or "" for one in mine}
    return make_instance(name, first, second, labels=LABELS, shown=labels, document=side, ordinal=ordinal)


def ask(
    *instances: Instance, count: int = 10, seed: int = 20, pool: list[Segment] = POOL
) -> list[AskedQuestion]:
    return list(ask_labels(pool, instances, count, seed, "made"))


def asked_about(rows: list[AskedQuestion]) -> list[Segment]:
    """The examples that are asked about, found by the text that is shown."""
    return [BY_TEXT[row.question.text.rpartition("Sample: ")[2]] for row in rows]


@pytest.mark.parametrize("side", ["train", "test"])
def test_about_others_of_the_same_side(side: str) -> None:
    instance = shows("made/i", side, [0, 2])
    rows = ask(instance, count=1000)
    about = asked_about(rows)
    shown = {segment.id for chunk in instance.chunks for segment in chunk.segments}
    others = {one.id for one in POOL if one.document == side} - shown
    assert {one.id for one in about} == others
    assert len(about) == len(others)


def test_answer_and_evidence() -> None:
    for row in ask(shows("made/i", "train", [0, 2]), count=1000):
        (one,) = asked_about([row])
        question = row.question
        assert row.instance == "made/i"
        assert question.text == f"Which number is the label of this sample?\nSample: {one.text}"
        assert question.answers == [str(LABELS.index(one.label or ""))]
        assert question.evidence == [f"made/train-{one.label}-0", f"made/train-{one.label}-2"]
        assert question.evidence_chunks == ([1] if one.label == "wren" else [0])
        assert (question.metric, question.origin, question.raw) == ("exact", "held-out", one.raw)


@pytest.mark.parametrize(("count", "found"), [(0, 0), (1, 1), (6, 6), (7, 6)])
def test_at_most_so_many(count: int, found: int) -> None:
    assert len(ask(shows("made/i", "test", [0, 1]), count=count)) == found


def test_the_same_at_every_build() -> None:
    one, other = shows("made/i", "train", [0, 2]), shows("made/j", "train", [1], ordinal=1)
    rows = ask(one, other)
    assert rows == ask(one, other)
    assert rows == ask(one, other, pool=POOL[::-1])
    assert sorted(rows, key=repr) == sorted(ask(other, one), key=repr)
    assert [row for row in rows if row.instance == "made/j"] == ask(other)
    assert rows[:5] == ask(one, count=5)


def test_drawn_anew_for_each_instance_and_seed() -> None:
    one, other = shows("made/i", "train", [0]), shows("made/j", "train", [0], ordinal=1)
    drawn = asked_about(ask(one))
    assert drawn != asked_about(ask(other))
    assert drawn != asked_about(ask(one, seed=21))
    assert {example.label for example in drawn} == set(LABELS)


def test_ids_differ() -> None:
    rows = ask(shows("made/i", "train", [0]), shows("made/j", "train", [1], ordinal=1), count=1000)
    assert len({row.question.id for row in rows}) == len(rows)
