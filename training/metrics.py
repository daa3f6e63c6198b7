"""How an answer is measured, 0 to 1 (paper, table of rewards).

Where it deviates: a gold answer is contained when it stands in the answer as whole words, not as any
characters; a label is the last number in `\\boxed{}`. What only a judge can measure
(answering/judge.py) has no score here.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from pipeline.schema import Metric
from pipeline.text.normal import holds, normalised

_BOXED = re.compile(r"\\boxed\{([^}]{0,1000}+)\}")  # bounded, so that time grows with the answer's length


def score(metric: Metric, gold: Sequence[str], answer: str) -> float | None:
    """How right an answer is by a metric; None where that takes a judge."""
    match metric:
        case "contains":
            return float(bool(contained(gold, answer)))
        case "keywords":
            return len(contained(gold, answer)) / len(gold)
        case "exact":
            boxed = _BOXED.findall(answer)
            return float(bool(boxed) and boxed[-1].strip() in gold)
        case "judge":
            return None


def contained(gold: Sequence[str], answer: str) -> list[str]:
    """The gold answers that stand in an answer as whole words."""
    text = _normal(answer)
    return [one for one in gold if holds(text, one)]


@lru_cache(maxsize=4)  # a long answer is measured by several questions in a row
def _normal(answer: str) -> str:
    return normalised(answer)
