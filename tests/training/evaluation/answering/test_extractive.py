"""Answers without a model: all passages, or a label by the vote of their samples."""

from dataclasses import replace

import pytest

from tests.training.factories import make_question
from training.evaluation.answer_metrics import score_answer
from training.evaluation.answering import AnswerRequest
from training.evaluation.answering.extractive import ExtractiveAnswerer, extract_samples
from training.evaluation.retrieval import Passage

QUESTION = "Which number is the label of this sample?\nSample: Who wrote Emma?"


def answer_label(question: str, *passages: str) -> str:
    label_question = make_question(question, "1", metric="exact")
    request = AnswerRequest(
        label_question, [Passage(str(index), text) for index, text in enumerate(passages)]
    )
    (answer,) = ExtractiveAnswerer().answer([request])
    return answer


def test_the_answer_is_all_passages_and_none_is_found_across_two() -> None:
    passages = [Passage("core", "about cats"), Passage("s1", "a red cat")]
    (answer,) = ExtractiveAnswerer().answer([AnswerRequest(make_question("which?", "red"), passages)])
    assert score_answer("contains", ["red cat"], answer) == score_answer("contains", ["cats"], answer) == 1
    assert score_answer("contains", ["cats a"], answer) == 0


@pytest.mark.parametrize(
    ("gold", "answer"), [(["Rome", "red cat"], "red cat"), (["a blue cat"], ""), (["A red CAT"], "A red CAT")]
)
def test_where_every_word_counts_the_answer_is_the_gold_answer_that_was_found(
    gold: list[str], answer: str
) -> None:
    question = replace(make_question("which?", "x", metric="token_f1"), answers=gold)
    passages = [Passage("core", "about cats"), Passage("s1", "a red cat")]
    assert ExtractiveAnswerer().answer([AnswerRequest(question, passages)]) == [answer]


@pytest.mark.parametrize(
    ("text", "samples"),
    [
        ("Who wrote Emma? = label 3", [("Who wrote Emma? = ", "3")]),
        ("Sample: Who wrote Emma?\nLabel: 3", [("Sample: Who wrote Emma?\n", "3")]),
        ("Label 3: Who wrote Emma?", [(": Who wrote Emma?", "3")]),
        ("the label of 'Who' is 3", []),
        ("Who wrote Emma -> label 3", [("Who wrote Emma -> ", "3")]),
        ("labels: 12", [("", "12")]),
        ("Sample: a\nLabel: 1\nSample: b\nLabel: 2\n", [("Sample: a\n", "1"), ("\nSample: b\n", "2")]),
        ("nothing of the kind, though labelled 3", []),
    ],
)
def test_labelled_samples_are_found_in_a_passage(text: str, samples: list[tuple[str, str]]) -> None:
    assert extract_samples(Passage("s1", text)) == samples


def test_samples_vote_for_their_labels() -> None:
    assert answer_label(QUESTION, "Who wrote Ulysses? = label 3", "Where is Rome? = label 4") == "\\boxed{3}"
    # Two equally similar samples outvote one.
    votes = ["Who wrote Ulysses? = label 3", "Who wrote Faust? = label 5", "Who wrote Dune? = label 3"]
    assert answer_label(QUESTION, *votes) == "\\boxed{3}"


def test_the_words_of_the_instruction_do_not_count() -> None:
    # This sample shares only "which", "number", "is" and "of" with the whole question.
    unrelated = "Which number is that of the lucky? = label 4"
    assert answer_label(QUESTION, unrelated, "Emma wrote back. = label 3") == "\\boxed{3}"


def test_one_very_similar_sample_outvotes_several_weak_ones() -> None:
    # The sum of the weak samples' scores is larger than the score of the best one.
    weak = ["Emma runs. = label 5", "Emma sings. = label 5", "Who wrote it? = label 5"]
    assert answer_label(QUESTION, "Who wrote Emma? = label 3", *weak) == "\\boxed{3}"


def test_without_samples_the_answer_is_empty() -> None:
    assert answer_label(QUESTION) == ""
    assert answer_label(QUESTION, "Emma is a book by Jane Austen.") == ""
