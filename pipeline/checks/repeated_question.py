"""Finds questions that an instance asks twice, and questions that contradict each other.

Questions are compared by their own text: the frame around it, where there is one, is the same for many.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from pipeline.checks.dropped import Dropped
from pipeline.questions.frames import own_texts
from pipeline.schema import Question
from pipeline.text.normal import same_words
from pipeline.text.shingles import Hashes, alike, words_and_pairs


@dataclass(frozen=True, slots=True)
class _Kept:
    """What later questions are compared with."""

    id: str
    text: str
    shingles: Hashes
    held_out: bool


def repeated(questions: Sequence[Question], percent: int) -> dict[str, Dropped]:
    """The questions of one instance that should go, by id, and why.

    Of questions with a common gold answer that are the same, or that share `percent` of their words and
    word pairs, the first by id stays. Questions that are the same in full and have no common answer all
    go. About held-out examples different questions are never near-duplicates, nor do they contradict:
    a label in common says little, and `What is a tonne?` is another example than `What is a lake?`.
    Ids must be unique.
    """
    dropped = _contradicting(questions)
    by_answer: dict[str, list[_Kept]] = defaultdict(list)
    own = zip(questions, own_texts(questions), strict=True)
    for question, asked in sorted(own, key=lambda one: one[0].id):
        if question.id in dropped:
            continue
        this = _Kept(question.id, same_words(asked), words_and_pairs(asked), question.origin == "held-out")
        answers = sorted(_answers(question))
        earlier = {one.id: one for answer in answers for one in by_answer[answer]}
        found = _repeats(this, [earlier[identity] for identity in sorted(earlier)], percent)
        if found is not None:
            dropped[question.id] = found
            continue
        for answer in answers:
            by_answer[answer].append(this)
    return dropped


def _answers(question: Question) -> set[str]:
    return {same_words(answer) for answer in question.answers}


def _contradicting(questions: Sequence[Question]) -> dict[str, Dropped]:
    by_text: dict[str, list[Question]] = defaultdict(list)
    for question in sorted(questions, key=lambda one: one.id):
        if question.origin != "held-out":
            by_text[same_words(question.text)].append(question)
    dropped: dict[str, Dropped] = {}
    for same in by_text.values():
        for one, other in combinations(same, 2):
            if _answers(one).isdisjoint(_answers(other)):
                for this, that in ((one, other), (other, one)):
                    detail = f"{that.id} asks the same and has another answer"
                    dropped.setdefault(this.id, Dropped("contradicting questions", detail))
    return dropped


def _repeats(this: _Kept, earlier: list[_Kept], percent: int) -> Dropped | None:
    for one in earlier:
        if one.text == this.text:
            return Dropped("repeated question", f"repeats {one.id}")
    for one in earlier:
        if not (this.held_out or one.held_out) and alike(one.shingles, this.shingles, percent):
            return Dropped("near-duplicate question", f"repeats {one.id}")
    return None
