"""Find questions that an instance asks twice, and questions that contradict each other.

Questions are compared by their own text: the template around it, where there is one, is the same for many.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from pipeline.core.question_templates import strip_templates
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Question
from pipeline.text.normalize import comparison_key
from pipeline.text.shingles import Hashes, has_min_jaccard, unigram_bigram_hashes


@dataclass(frozen=True)
class _KeptQuestion:
    """A kept question, in the form that later questions are compared with."""

    id: str
    own_text: str
    text: str  # of `own_text`, as it is compared
    is_label_question: bool

    @cached_property
    def shingles(self) -> Hashes:
        """The words and word pairs; most questions share no answer with another, and need none."""
        return unigram_bigram_hashes(self.own_text)


def find_repeated_questions(questions: Sequence[Question], percent: int) -> dict[str, Rejection]:
    """Return the questions of one instance to reject, by id, with the reason.

    Of questions with a common gold answer that are the same, or whose words and word pairs have a Jaccard
    similarity of at least `percent`, the first by id is kept. Questions that are the same in full and have no
    common answer are all rejected; of two that are the same, of which one has no answer, only that one is.
    Two different label questions are never near-duplicates and never contradict each other: a label in common
    says little, and `What is a tonne?` is another example than `What is a lake?`. Nor are questions that are
    asked after different chunks: what is right may have changed meanwhile. Ids must be unique.
    """
    by_moment: dict[int | None, list[Question]] = defaultdict(list)
    for question in questions:
        by_moment[question.after_chunk].append(question)
    rejections: dict[str, Rejection] = {}
    for asked in by_moment.values():
        rejections |= _find_repeated_at_once(asked, percent)
    return rejections


def _find_repeated_at_once(questions: Sequence[Question], percent: int) -> dict[str, Rejection]:
    """Return the questions to reject among those that are asked after the same chunk."""
    rejections = _find_contradictions(questions)
    by_answer: dict[str, list[_KeptQuestion]] = defaultdict(list)
    with_own_text = zip(questions, strip_templates(questions), strict=True)
    for question, own_text in sorted(with_own_text, key=lambda pair: pair[0].id):
        if question.id in rejections:
            continue
        candidate = _KeptQuestion(
            question.id,
            own_text,
            comparison_key(own_text),
            question.origin == "label",
        )
        answers = sorted(_answer_keys(question))
        earlier = {kept.id: kept for answer in answers for kept in by_answer[answer]}
        rejection = _find_repeat(candidate, [earlier[identity] for identity in sorted(earlier)], percent)
        if rejection is not None:
            rejections[question.id] = rejection
            continue
        for answer in answers:
            by_answer[answer].append(candidate)
    return rejections


def _answer_keys(question: Question) -> set[str]:
    """Return the answers as they are compared; "" stands for that of a question to abstain from."""
    return {comparison_key(answer) for answer in question.answers} or {""}


def _find_contradictions(questions: Sequence[Question]) -> dict[str, Rejection]:
    by_text: dict[str, list[Question]] = defaultdict(list)
    for question in sorted(questions, key=lambda question: question.id):
        if question.origin != "label":
            by_text[comparison_key(question.text)].append(question)
    rejections: dict[str, Rejection] = {}
    for same in by_text.values():
        for first, second in combinations(same, 2):
            if _answer_keys(first).isdisjoint(_answer_keys(second)):
                pairs = ((first, second), (second, first))
                for question, other in [pair for pair in pairs if pair[0].metric == "abstain"] or pairs:
                    detail = f"{other.id} asks the same and has another answer"
                    rejections.setdefault(question.id, Rejection("contradicting questions", detail))
    return rejections


def _find_repeat(candidate: _KeptQuestion, earlier: list[_KeptQuestion], percent: int) -> Rejection | None:
    for kept in earlier:
        if kept.text == candidate.text:
            return Rejection("repeated question", f"repeats {kept.id}")
    for kept in earlier:
        if not (candidate.is_label_question or kept.is_label_question) and has_min_jaccard(
            kept.shingles, candidate.shingles, percent
        ):
            return Rejection("near-duplicate question", f"repeats {kept.id}")
    return None
