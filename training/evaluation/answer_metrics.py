r"""Score an answer from 0 to 1 by the metric of its question (paper, table of rewards).

Two rules deviate from the paper: a gold answer is contained when it stands in the answer as whole words, not
as any characters; a label is the last number in `\boxed{}`. Answers that only a judge can score
(`judge_answers.py`) get no score here.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from pipeline.core.schema import Metric
from pipeline.text.normalize import contains_normalized, normalize_text

_BOXED = re.compile(r"\\boxed\{([^}]{0,1000}+)\}")  # the bound keeps the time linear in the answer's length


def score_answer(metric: Metric, gold_answers: Sequence[str], answer: str) -> float | None:
    """Return the score of an answer, 0 to 1; None for the metric `judge`."""
    match metric:
        case "contains":
            return float(bool(find_gold_answers(gold_answers, answer)))
        case "keywords":
            return len(find_gold_answers(gold_answers, answer)) / len(gold_answers)
        case "exact":
            boxed = _BOXED.findall(answer)
            return float(bool(boxed) and boxed[-1].strip() in gold_answers)
        case "judge":
            return None


def find_gold_answers(gold_answers: Sequence[str], answer: str) -> list[str]:
    """Return the gold answers that stand in an answer as whole words."""
    text = _normalize_answer(answer)
    return [gold_answer for gold_answer in gold_answers if contains_normalized(text, gold_answer)]


@lru_cache(maxsize=4)  # the same long answer is scored for several questions in a row
def _normalize_answer(answer: str) -> str:
    return normalize_text(answer)
