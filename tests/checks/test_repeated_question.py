"""Questions that an instance asks twice go, others stay, however like each other they are."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from pipeline import draws
from pipeline.checks.repeated_question import repeated
from pipeline.chunking import Chunked
from pipeline.documents import Parsed
from pipeline.schema import Origin, Question
from tests.checks.planting import edited
from tests.questions.making import make_question

PERCENT = 50
LONG = "In which of the two old barns behind the mill does the owl sleep?"
LONGER = "In which of the two old barns behind the mill does the brown owl sleep?"


def asked(*texts_and_answers: tuple[str, Sequence[str]], origin: Origin = "carried") -> list[Question]:
    """Questions with the ids 0, 1, …"""
    return [
        replace(make_question(str(number), text, answers), origin=origin)
        for number, (text, answers) in enumerate(texts_and_answers)
    ]


def reasons(questions: Sequence[Question], percent: int = PERCENT) -> dict[str, str]:
    return {identity: why.reason for identity, why in repeated(questions, percent).items()}


def test_the_later_of_the_same_goes_and_names_the_first() -> None:
    questions = asked(
        ("Who sleeps?", ["owl"]), ("Who eats?", ["owl"]), ("«who  SLEEPS»", ["The fox", "Owl."])
    )
    found = repeated(questions[::-1], PERCENT)
    assert list(found) == ["2"]
    assert found["2"].reason == "repeated question"
    assert "0" in found["2"].detail.split()


def test_a_near_duplicate_goes() -> None:
    assert reasons(asked((LONG, ["the left"]), (LONGER, ["the left", "left"]))) == {
        "1": "near-duplicate question"
    }


def test_what_goes_takes_nothing_with_it() -> None:
    """The third is like the second, which went, and not like the first, which stays."""
    texts = ("a b c d e f g h", "a b c d e f x y", "a b c d z z x y")
    assert reasons(asked(*((text, ["one"]) for text in texts))) == {"1": "near-duplicate question"}


def test_questions_with_other_answers_stay() -> None:
    assert not repeated(
        asked(("How long is the Rhine?", ["1,230 km"]), ("How long is the Danube?", ["2,850 km"])), 1
    )


def test_the_percent_counts() -> None:
    questions = asked((LONG, ["left"]), (LONGER, ["left"]))
    assert not repeated(questions, 100)
    assert repeated(questions, 75)


def test_without_a_common_answer_the_same_contradict() -> None:
    questions = asked(("Who sleeps?", ["owl"]), ("Who eats?", ["fox"]), ("Who sleeps", ["fox"]))
    found = repeated(questions, PERCENT)
    assert {identity: why.reason for identity, why in found.items()} == {
        "0": "contradicting questions",
        "2": "contradicting questions",
    }
    assert "2" in found["0"].detail.split()


def test_labels_of_held_out_examples_say_little() -> None:
    lines = ("Which number is the label of this sample?\nSample: What is a tonne?", ["1"])
    other = (lines[0].replace("tonne", "lake"), ["1"])
    contradicting = (lines[0], ["2"])
    assert not repeated(asked(lines, other, contradicting, origin="held-out"), PERCENT)
    assert reasons(asked(lines, other, lines, origin="held-out")) == {"2": "repeated question"}


def test_frames_do_not_count() -> None:
    """Two sentences in one frame are two questions; one sentence in two frames is one."""
    frame = "What is missing in this sentence, which the user read on {} in austen-emma, CHAPTER V?\n{}"
    first, second = "Mr. Knightley lives at ____ Abbey.", "The rain kept Harriet in ____ all day."
    questions = asked(
        (frame.format("2024-01-01", first), ["Donwell"]),
        (frame.format("2024-01-01", second), ["Donwell"]),
        (frame.format("2024-02-07", first), ["Donwell"]),
        (frame.format("2024-03-09", second), ["Hartfield"]),
        origin="cloze",
    )
    assert reasons(questions) == {"2": "repeated question"}


def test_the_order_given_does_not_matter() -> None:
    texts = ("a b c d e f g h", "a b c d e f x y", "a b c d z z x y", "a b c d e f g h")
    questions = asked(*((text, ["one"]) for text in texts), ("a b c d e f g h", ["two"]))
    expected = repeated(questions, PERCENT)
    for number in range(6):
        assert repeated(draws.shuffled(questions, lambda one: one.id, number), PERCENT) == expected


@pytest.fixture(scope="module")
def real(chunked: Callable[[str], tuple[Parsed, Chunked]]) -> list[list[Question]]:
    """SQuAD's questions that have an answer, article by article: about 11 words each."""
    by_article: dict[str, list[Question]] = defaultdict(list)
    parsed, _ = chunked("squad_dev")
    article_of = {one.id: document.name for document in parsed.documents for one in document.segments}
    for question in parsed.questions:
        if any(question.answers):
            by_article[article_of[question.evidence[0]]].append(question)
    return [by_article[name] for name in sorted(by_article)]


@pytest.mark.parametrize(("percent", "least"), [(0, 100), (5, 99), (10, 95), (15, 95), (20, 90)])
def test_planted_near_duplicates_are_found(real: list[list[Question]], percent: int, least: int) -> None:
    """Bar: recall 0.95 at 10 % of the words edited, precision 0.95. A copy of every second question.

    Real questions that are dropped count as mistakes, though most of them do repeat another.
    """
    planted = found = right = 0
    for questions in real:
        vocabulary = sorted({word for one in questions for word in one.text.split()})
        copies = {
            f"~{one.id}": replace(one, id=f"~{one.id}", text=edited(one.text, percent, vocabulary, one.id))
            for one in questions[::2]
        }
        dropped = repeated([*questions, *copies.values()], PERCENT)
        planted += len(copies)
        found += len(dropped)
        right += sum(identity in copies for identity in dropped)
    assert planted > 2900
    assert 100 * right >= least * planted
    assert 100 * right >= 95 * found
