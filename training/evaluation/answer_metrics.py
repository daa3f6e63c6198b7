r"""Score an answer from 0 to 1 by the metric of its question (paper, table of rewards).

`token_f1` is SQuAD's F1: the words that answer and gold answer share, without English articles; in scripts
without spaces, the letters. `number` is 1 where the last number of the answer is gold, in digits or, up to
twenty, in English words. `abstain` is 1 where the answer says that it is not known. An answer that `contains`
a gold answer is wrong all the same where it contains one of the question's wrong answers too.

Two rules deviate from the paper: a gold answer is contained when it stands in the answer as whole words, not
as any characters; a label is the last number in `\boxed{}`. Answers that only a judge can score
(`judge_answers.py`) get no score here.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from pipeline.core.schema import Metric
from pipeline.text.abstention import is_abstention
from pipeline.text.normalize import contains_normalized, fold_case, normalize_text, occurs_in, single_letters

_ARTICLES = {"a", "an", "the"}
_NUMBER_WORDS = (
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
_NUMBER_BY_WORD = {word: str(number) for number, word in enumerate(_NUMBER_WORDS, start=1)}
# A word with a hyphen on it is part of another number, such as twenty-one.
_NUMBER = re.compile(rf"\b\d{{1,9}}\b|(?<![\w-])(?:{'|'.join(_NUMBER_WORDS)})(?![\w-])")
_BOXED = re.compile(r"\\boxed\{([^}]{0,1000}+)\}")  # the bound keeps the time linear in the answer's length


def score_answer(
    metric: Metric, gold_answers: Sequence[str], answer: str, wrong_answers: Sequence[str] = ()
) -> float | None:
    """Return the score of an answer, 0 to 1; None for the metric `judge`.

    The metric `contains` alone reads `wrong_answers`; those that are part of a gold answer do not count.
    """
    match metric:
        case "contains":
            is_gold = bool(find_gold_answers(gold_answers, answer))
            return float(is_gold and not _has_wrong_answer(wrong_answers, gold_answers, answer))
        case "keywords":
            return len(find_gold_answers(gold_answers, answer)) / len(gold_answers)
        case "exact":
            boxed = _BOXED.findall(answer)
            return float(bool(boxed) and boxed[-1].strip() in gold_answers)
        case "token_f1":
            return max((_token_f1(gold_answer, answer) for gold_answer in gold_answers), default=0.0)
        case "number":
            numbers = _NUMBER.findall(fold_case(answer))
            return float(bool(numbers) and _NUMBER_BY_WORD.get(numbers[-1], numbers[-1]) in gold_answers)
        case "abstain":
            return float(is_abstention(answer))
        case "judge":
            return None


def _token_f1(gold_answer: str, answer: str) -> float:
    """Return the harmonic mean of precision and recall of an answer's words (Rajpurkar et al. 2016)."""
    gold_words, answer_words = (Counter(_iter_f1_words(text)) for text in (gold_answer, answer))
    num_shared = (gold_words & answer_words).total()
    return 2 * num_shared / (gold_words.total() + answer_words.total()) if num_shared else 0.0


def _iter_f1_words(text: str) -> Iterator[str]:
    found = list(single_letters(text))
    without_articles = [word for word in found if word not in _ARTICLES]
    yield from without_articles or found


def _has_wrong_answer(wrong_answers: Sequence[str], gold_answers: Sequence[str], answer: str) -> bool:
    found = find_gold_answers(wrong_answers, answer)
    return any(not any(occurs_in(wrong, gold) for gold in gold_answers) for wrong in found)


def find_gold_answers(gold_answers: Sequence[str], answer: str) -> list[str]:
    """Return the gold answers that stand in an answer as whole words."""
    text = _normalize_answer(answer)
    return [gold_answer for gold_answer in gold_answers if contains_normalized(text, gold_answer)]


@lru_cache(maxsize=4)  # the same long answer is scored for several questions in a row
def _normalize_answer(answer: str) -> str:
    return normalize_text(answer)
