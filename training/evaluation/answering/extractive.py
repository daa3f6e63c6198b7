"""An answerer without a model: its answer is all retrieved passages, or a label that their samples vote for.

A gold answer counts when it stands in the passages, so this measures memory and retrieval, not the skill of a
reader. Of a question with wrong answers it chooses one of the values (`choosing.py`), or abstains. For a
label question, each retrieved sample votes for its own label with the square of its BM25 score for the
question's sample, so that the few most similar samples decide; the `MAX_VOTERS` best samples vote.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

from pipeline.core.question_templates import extract_label_sample
from training.evaluation.answer_metrics import find_gold_answers
from training.evaluation.answering import AnswerRequest
from training.evaluation.answering.choosing import choose_value
from training.evaluation.bm25 import BM25Index
from training.evaluation.retrieval import Passage
from training.memory.schema import EpisodeQuestion

_LABEL = re.compile(r"\blabels?\W{0,4}(?:(?:is|number|=|:|→|->)\W{0,3}){0,2}(\d+)\b", re.IGNORECASE)
MAX_VOTERS = 20
_PASSAGE_BREAK = "\n\0\n"  # stands in no gold answer, so that none is found across two passages
_ABSTENTION = "I don't know."


class ExtractiveAnswerer:
    """The Answerer without a model."""

    def answer(self, requests: Sequence[AnswerRequest]) -> list[str]:
        """Return the answer to each request.

        It is the passages; for a label question the label with most votes; for a question with wrong answers
        the value that the passages support, or that it is not known; for the metric `token_f1`, which counts
        every word, the first gold answer that stands in the passages, or an empty text.
        """
        return [_answer(request) for request in requests]


def _answer(request: AnswerRequest) -> str:
    question, metric = request.question, request.question.metric
    if metric == "exact":
        return _vote_label(request)
    if question.wrong_answers:
        return choose_value(question, request.passages) or _ABSTENTION
    text = _PASSAGE_BREAK.join(passage.text for passage in request.passages)
    return next(iter(find_gold_answers(question.answers, text)), "") if metric == "token_f1" else text


def is_answered_by_passages(question: EpisodeQuestion) -> bool:
    """Return whether the extractive answer to a question is all passages, or the gold answers in them."""
    return question.metric != "exact" and not question.wrong_answers


def _vote_label(request: AnswerRequest) -> str:
    """Return the label with most votes, boxed; an empty text where the passages hold no sample."""
    labels, index = _index_samples(tuple(request.passages))
    if not labels:
        return ""
    # The question's other words are left out: "is", "the" and "of" matter in a sample.
    sample = extract_label_sample(request.question.text)
    ranked = index.rank_with_scores(sample, MAX_VOTERS)
    return box_label(
        elect_label([labels[position] for position, _ in ranked], [score for _, score in ranked])
    )


def elect_label(labels: Sequence[str], scores: Sequence[float]) -> str:
    """Return the label with most votes: each sample, best first, votes with the square of its score."""
    votes: dict[str, float] = defaultdict(float)
    for label, score in zip(labels, scores, strict=True):
        votes[label] += score**2
    return max(votes, key=lambda one: votes[one])  # of equal votes, the label of the better sample


def box_label(label: str) -> str:
    """Return a label as an answer."""
    return f"\\boxed{{{label}}}"


@lru_cache(maxsize=4)  # some methods retrieve the same passages for every question
def _index_samples(passages: tuple[Passage, ...]) -> tuple[list[str], BM25Index]:
    """Return the labels of all samples in the passages, and an index of the samples' texts."""
    samples = [sample for passage in passages for sample in extract_samples(passage)]
    return [label for _, label in samples], BM25Index([text for text, _ in samples])


def extract_samples(passage: Passage) -> list[tuple[str, str]]:
    """Return (text, label) of each labelled sample in a passage.

    In a passage of several samples, a sample is the text before its label.
    """
    matches = list(_LABEL.finditer(passage.text))
    if len(matches) == 1:
        (match,) = matches
        return [(passage.text[: match.start()] + passage.text[match.end() :], match.group(1))]
    starts = [0, *(match.end() for match in matches)]
    return [
        (passage.text[start : match.start()], match.group(1))
        for start, match in zip(starts, matches, strict=False)
    ]
