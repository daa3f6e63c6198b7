"""Repeated and contradicting questions of an instance are rejected, all others are kept."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from pipeline.checks.repeated_question import find_repeated_questions
from pipeline.chunking import ChunkedSource
from pipeline.core import seeded_random
from pipeline.core.schema import Origin, Question
from pipeline.sources.parsed import ParsedSource
from tests.pipeline.checks.factories import edit_words
from tests.pipeline.questions.factories import make_question

PERCENT = 50
LONG = "In which of the two old barns behind the mill does the owl sleep?"
LONGER = "In which of the two old barns behind the mill does the brown owl sleep?"


def make_questions(
    *texts_and_answers: tuple[str, Sequence[str]], origin: Origin = "source"
) -> list[Question]:
    """Make questions with the ids 0, 1, …"""
    return [
        replace(make_question(str(number), text, answers), origin=origin)
        for number, (text, answers) in enumerate(texts_and_answers)
    ]


def reject_reasons(questions: Sequence[Question], percent: int = PERCENT) -> dict[str, str]:
    return {identity: why.reason for identity, why in find_repeated_questions(questions, percent).items()}


def test_a_repeated_question_is_rejected_and_names_the_first() -> None:
    questions = make_questions(
        ("Who sleeps?", ["owl"]), ("Who eats?", ["owl"]), ("«who  SLEEPS»", ["The fox", "Owl."])
    )
    found = find_repeated_questions(questions[::-1], PERCENT)
    assert list(found) == ["2"]
    assert found["2"].reason == "repeated question"
    assert "0" in found["2"].detail.split()


def test_a_near_duplicate_is_rejected() -> None:
    assert reject_reasons(make_questions((LONG, ["the left"]), (LONGER, ["the left", "left"]))) == {
        "1": "near-duplicate question"
    }


def test_a_rejected_question_rejects_no_other() -> None:
    """The third is similar to the second, which is rejected, and not to the first, which is kept."""
    texts = ("a b c d e f g h", "a b c d e f x y", "a b c d z z x y")
    assert reject_reasons(make_questions(*((text, ["one"]) for text in texts))) == {
        "1": "near-duplicate question"
    }


def test_questions_without_a_common_answer_are_kept() -> None:
    assert not find_repeated_questions(
        make_questions(("How long is the Rhine?", ["1,230 km"]), ("How long is the Danube?", ["2,850 km"])), 1
    )


def test_the_threshold_decides() -> None:
    questions = make_questions((LONG, ["left"]), (LONGER, ["left"]))
    assert not find_repeated_questions(questions, 100)
    assert find_repeated_questions(questions, 75)


def test_the_same_question_without_a_common_answer_is_a_contradiction() -> None:
    questions = make_questions(("Who sleeps?", ["owl"]), ("Who eats?", ["fox"]), ("Who sleeps", ["fox"]))
    found = find_repeated_questions(questions, PERCENT)
    assert {identity: why.reason for identity, why in found.items()} == {
        "0": "contradicting questions",
        "2": "contradicting questions",
    }
    assert "2" in found["0"].detail.split()


def test_different_label_questions_are_never_near_duplicates() -> None:
    lines = ("Which number is the label of this sample?\nSample: What is a tonne?", ["1"])
    other = (lines[0].replace("tonne", "lake"), ["1"])
    contradicting = (lines[0], ["2"])
    assert not find_repeated_questions(make_questions(lines, other, contradicting, origin="label"), PERCENT)
    assert reject_reasons(make_questions(lines, other, lines, origin="label")) == {"2": "repeated question"}


def test_templates_do_not_count() -> None:
    """Two sentences in one template are two questions; one sentence in two templates is one question."""
    frame = "What is missing in this sentence, which the user read on {} in austen-emma, CHAPTER V?\n{}"
    first, second = "Mr. Knightley lives at ____ Abbey.", "The rain kept Harriet in ____ all day."
    questions = make_questions(
        (frame.format("2024-01-01", first), ["Donwell"]),
        (frame.format("2024-01-01", second), ["Donwell"]),
        (frame.format("2024-02-07", first), ["Donwell"]),
        (frame.format("2024-03-09", second), ["Hartfield"]),
        origin="cloze",
    )
    assert reject_reasons(questions) == {"2": "repeated question"}


def test_the_order_of_the_questions_does_not_matter() -> None:
    texts = ("a b c d e f g h", "a b c d e f x y", "a b c d z z x y", "a b c d e f g h")
    questions = make_questions(*((text, ["one"]) for text in texts), ("a b c d e f g h", ["two"]))
    expected = find_repeated_questions(questions, PERCENT)
    for number in range(6):
        assert (
            find_repeated_questions(seeded_random.shuffled(questions, lambda one: one.id, number), PERCENT)
            == expected
        )


@pytest.fixture(scope="module")
def real_questions(chunked: Callable[[str], tuple[ParsedSource, ChunkedSource]]) -> list[list[Question]]:
    """Return SQuAD's questions that have an answer, by article: about 11 words each."""
    by_article: dict[str, list[Question]] = defaultdict(list)
    parsed, _ = chunked("squad_dev")
    article_of = {one.id: document.name for document in parsed.documents for one in document.segments}
    for question in parsed.questions:
        if any(question.answers):
            by_article[article_of[question.evidence[0]]].append(question)
    return [by_article[name] for name in sorted(by_article)]


@pytest.mark.parametrize(("percent", "least"), [(0, 100), (5, 99), (10, 95), (15, 95), (20, 90)])
def test_planted_near_duplicates_are_found(
    real_questions: list[list[Question]], percent: int, least: int
) -> None:
    """Bar: recall 0.95 at 10 % of the words edited, precision 0.95. A copy of every second question.

    Real questions that are dropped count as mistakes, though most of them do repeat another.
    """
    planted = found = right = 0
    for questions in real_questions:
        vocabulary = sorted({word for one in questions for word in one.text.split()})
        copies = {
            f"~{one.id}": replace(
                one, id=f"~{one.id}", text=edit_words(one.text, percent, vocabulary, one.id)
            )
            for one in questions[::2]
        }
        dropped = find_repeated_questions([*questions, *copies.values()], PERCENT)
        planted += len(copies)
        found += len(dropped)
        right += sum(identity in copies for identity in dropped)
    assert planted > 2900
    assert 100 * right >= least * planted
    assert 100 * right >= 95 * found


def test_of_the_same_question_with_and_without_an_answer_the_second_is_rejected() -> None:
    """The instance answers it; and a question that is asked twice to no answer is a repeat."""
    answered, first, second, other = make_questions(
        ("Who sleeps?", ["owl"]), ("Who sleeps?", []), ("Who eats?", []), ("who eats", [])
    )
    abstaining = [replace(question, metric="abstain") for question in (first, second, other)]
    assert reject_reasons([answered, *abstaining]) == {
        "1": "contradicting questions",
        "3": "repeated question",
    }


def test_questions_asked_after_different_chunks_neither_repeat_nor_contradict_each_other() -> None:
    first, second, third = make_questions(("Where?", ["Leeds"]), ("Where?", ["Porto"]), ("Where?", ["Leeds"]))
    asked = [first, replace(second, after_chunk=1), replace(third, after_chunk=2)]
    assert not reject_reasons(asked)
    asked[2] = replace(third, after_chunk=1)
    assert set(reject_reasons(asked).values()) == {"contradicting questions"}
