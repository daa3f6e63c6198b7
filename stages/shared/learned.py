"""Tell what a training has gained on the test split, from the table of its evaluation."""

import csv
from collections.abc import Iterable, Mapping

from pipeline.core.printable import count_noun
from stages.shared.paths import TRAINED_EVALUATION_DIR
from training.evaluation.aggregate import AVERAGE

RESULTS_FILE = TRAINED_EVALUATION_DIR / "results.csv"
_SCRIPTED = "scripted"  # begins the names of the policies by rules


def describe_learning(lines: Iterable[str]) -> str:
    """Describe what training has gained, by the lines of results.csv.

    It has r1 and total reward after training and before, with the paired difference and its 95 % interval,
    and r1 of the best scripted policy.
    """
    rows = [row for row in csv.DictReader(lines) if row["source"] == AVERAGE and not row["context_length"]]
    by_method = {row["method"]: row for row in rows}
    trained, before = by_method["trained"], by_method["warm_start"]
    parts = [
        _describe_gain("r1", "score", "delta", trained, before),
        _describe_gain("total", "total", "total_delta", trained, before),
    ]
    scripted = [row for name, row in by_method.items() if name.startswith(_SCRIPTED)]
    if scripted:
        best = max(scripted, key=lambda row: float(row["score"]))
        parts.append(f"r1 of {best['method']} {float(best['score']):.3f}")
    return f"{'; '.join(parts)}; {count_noun(int(trained['instances']), 'test instance')}"


def _describe_gain(
    name: str, column: str, delta: str, trained: Mapping[str, str], before: Mapping[str, str]
) -> str:
    difference, low, high = (float(trained[f"{delta}{end}"]) for end in ("", "_ci_low", "_ci_high"))
    return (
        f"{name} {float(trained[column]):.3f} after training, {float(before[column]):.3f} before: "
        f"{difference:+.3f} ({low:+.3f} to {high:+.3f})"
    )
