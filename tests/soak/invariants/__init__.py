"""Invariants of a build: functions that yield a line for each thing which does not hold."""

from collections.abc import Callable, Iterator

from tests.soak.invariants.accounting import find_lost_questions, find_lost_rows, find_lost_text
from tests.soak.invariants.build import Build
from tests.soak.invariants.chunks import find_bad_budgets, find_bad_chunk_counts
from tests.soak.invariants.evidence import find_bad_evidence, find_bad_facts
from tests.soak.invariants.leftovers import find_leftovers
from tests.soak.invariants.lineage import find_bad_spans
from tests.soak.invariants.numbers import (
    find_bad_ablations,
    find_bad_card,
    find_bad_metrics,
    find_bad_report,
    find_bad_statistics,
)
from tests.soak.invariants.rows import find_bad_ids, find_loading_errors, find_missing_values
from tests.soak.invariants.splits import find_leaks, find_shared_documents

INVARIANTS: tuple[Callable[[Build], Iterator[str]], ...] = (
    find_bad_budgets,
    find_bad_chunk_counts,
    find_lost_text,
    find_lost_questions,
    find_lost_rows,
    find_shared_documents,
    find_leaks,
    find_bad_spans,
    find_bad_evidence,
    find_bad_facts,
    find_bad_ids,
    find_missing_values,
    find_loading_errors,
    find_bad_metrics,
    find_bad_statistics,
    find_bad_card,
    find_bad_report,
    find_bad_ablations,
    find_leftovers,
)
_MAX_LINES = 5  # of an invariant


def find_broken(build: Build) -> list[str]:
    """Return a line for each thing that does not hold, some of each invariant at most."""
    lines = []
    for invariant in INVARIANTS:
        found = list(invariant(build))
        lines += [f"{invariant.__name__}: {line}" for line in found[:_MAX_LINES]]
        if len(found) > _MAX_LINES:
            lines.append(f"{invariant.__name__}: and {len(found) - _MAX_LINES} more")
    return lines


__all__ = ["INVARIANTS", "Build", "find_broken"]
