"""Answers without a model: what was recalled, and labels by vote; and of a model without its thoughts."""

from collections.abc import Sequence

import pytest

from tests.training.making import question
from training.answering import Asked
from training.answering.contains import ContainsAnswerer, samples_of
from training.answering.model import ModelAnswerer
from training.chats import Message, Sampling
from training.metrics import score
from training.recall import Piece

WHO = "Which number is the label of this sample?\nSample: Who wrote Emma?"


def asked(text: str, *pieces: str) -> str:
    to_ask = question(text, "1", metric="exact")
    (answer,) = ContainsAnswerer().answer(
        [Asked(to_ask, [Piece(str(number), piece) for number, piece in enumerate(pieces)])]
    )
    return answer


def test_the_answer_is_all_that_was_recalled() -> None:
    pieces = [Piece("core", "about cats"), Piece("s1", "a red cat")]
    assert ContainsAnswerer().answer([Asked(question("which?", "red"), pieces)]) == ["about cats\na red cat"]


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
def test_samples_in_a_piece(text: str, samples: list[tuple[str, str]]) -> None:
    assert samples_of(Piece("s1", text)) == samples


def test_samples_vote_for_their_labels() -> None:
    assert asked(WHO, "Who wrote Ulysses? = label 3", "Where is Rome? = label 4") == "\\boxed{3}"
    # Two that are as much alike outvote one.
    votes = ["Who wrote Ulysses? = label 3", "Who wrote Faust? = label 5", "Who wrote Dune? = label 3"]
    assert asked(WHO, *votes) == "\\boxed{3}"


def test_the_words_that_ask_say_nothing_about_a_sample() -> None:
    # It shares "which", "number", "is" and "of" with the question alone.
    asks = "Which number is that of the lucky? = label 4"
    assert asked(WHO, asks, "Emma wrote back. = label 3") == "\\boxed{3}"


def test_one_very_like_sample_outvotes_several_that_are_little_like_it() -> None:
    # The others share one or two of its words, and their scores are more together.
    weak = ["Emma runs. = label 5", "Emma sings. = label 5", "Who wrote it? = label 5"]
    assert asked(WHO, "Who wrote Emma? = label 3", *weak) == "\\boxed{3}"


def test_without_samples_there_is_no_label() -> None:
    assert asked(WHO) == ""
    assert asked(WHO, "Emma is a book by Jane Austen.") == ""


class Saying:
    """A model that says one thing."""

    at_once = 8
    takes_tools = False
    longest = None

    def __init__(self, reply: str) -> None:
        self.reply = reply

    def count(self, messages: Sequence[Message]) -> int:
        return 0

    def complete(self, chats: Sequence[Sequence[Message]], sampling: Sampling, tools: bool) -> list[str]:
        return [self.reply] * len(chats)


@pytest.mark.parametrize(
    ("reply", "answer", "right"),
    [
        ("The question may be about Borden or Oster.\n</think>\n\nI do not know.", "I do not know.", 0.0),
        ("<think>Borden?</think>I do not know.", "I do not know.", 0.0),
        ("<think>It may be Borden", "", 0.0),
        ("<think>Oster?</think>Borden", "Borden", 1.0),
        ("Oster?</think>\nBorden", "Borden", 1.0),
        ('Borden put "<think>" there', 'Borden put "<think>" there', 1.0),
        ("Borden \ud83d", "Borden \ufffd", 1.0),
    ],
)
def test_what_a_model_thought_is_not_its_answer(reply: str, answer: str, right: float) -> None:
    (said,) = ModelAnswerer(Saying(reply)).answer([Asked(question("Who?", "Borden"), [])])
    assert said == answer and score("contains", ["Borden"], said) == right
