"""filter: the questions and instances of one source that pass the checks, in data/filtered/<source>.

The others are rejected with a reason.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pipeline.checks.filtering import filter_instances
from pipeline.checks.human_review import collect_bad_verdicts, read_reviews
from pipeline.checks.pii import find_pii
from pipeline.core.atomic import atomic_folder, write_json
from pipeline.core.params import CheckParams, Params
from pipeline.core.schema import Instance, InstanceQuestion, ModelCall, PiiFinding, Reject
from pipeline.core.statistics import (
    STATISTICS_FILE,
    InstanceStats,
    count_model_calls,
    count_rejects,
    explain_empty_splits,
)
from pipeline.core.storage import read_rows, write_rows
from pipeline.text.tokens import Tokenizer
from stages.shared.paths import ASSETS_DIR, CHUNKS_DIR, FILTERED_DIR, QUESTIONS_DIR, REVIEWS_DIR
from stages.shared.runner import run_stage

if TYPE_CHECKING:
    from pipeline.llm.client import LLMClient

_logger = logging.getLogger(__name__)


def stage(params: Params, source: str) -> dict[str, Any]:
    """Write data/filtered/<source>: instances with questions, rejects, PII findings, model calls."""
    corpus = params.sources[source]
    client = _create_llm_client(corpus.checks)
    figures = InstanceStats()
    rejects: list[Reject] = []
    findings: list[PiiFinding] = []

    def filter_source() -> Iterator[Instance]:
        results = filter_instances(
            read_rows(CHUNKS_DIR / source / "instances.parquet", Instance),
            read_rows(QUESTIONS_DIR / source / "questions.parquet", InstanceQuestion),
            corpus.checks,
            Tokenizer(params.tokenizer, ASSETS_DIR),
            collect_bad_verdicts(read_reviews(REVIEWS_DIR / f"{source}.csv")),
            params.dataset.near_duplicate,
            params.seed,
            source,
            client,
        )
        for instance, instance_rejects in results:
            rejects.extend(instance_rejects)
            if instance is not None:
                figures.add(instance)
                findings.extend(find_pii(instance))
                yield instance

    card = {f"memcurate.card.{key}": value for key, value in corpus.card if value is not None}
    with atomic_folder(FILTERED_DIR / source) as folder:
        write_rows(folder / "instances.parquet", Instance, filter_source(), card)
        write_rows(folder / "rejects.parquet", Reject, sorted(rejects, key=lambda one: one.id))
        write_rows(folder / "pii_findings.parquet", PiiFinding, sorted(findings, key=lambda one: one.id))
        model_calls = client.model_calls if client else []
        write_rows(folder / "model_calls.parquet", ModelCall, model_calls)
        statistics = {
            **figures.by_split(),
            "rejects": count_rejects(rejects),
            "pii": dict(Counter(finding.kind for finding in findings)),
            "model_calls": count_model_calls(model_calls),
        }
        write_json(folder / STATISTICS_FILE, statistics)
    for line in explain_empty_splits(figures.by_split(), rejects, source in params.dataset.eval_only_sources):
        _logger.warning("filter@%s: %s", source, line)
    questions = figures.totals()["questions"]
    num_checked = questions + sum(reject.kind == "question" for reject in rejects)
    kept_percent = round(100 * questions / max(num_checked, 1), 1)
    return {"questions": questions, "kept_percent": kept_percent, "pii": len(findings)}


def _create_llm_client(checks: CheckParams) -> "LLMClient | None":
    """Return a client where a check needs a model, else None."""
    if checks.closed_book is None and checks.open_book is None:
        return None
    # Imported here: it takes seconds, which sources without such a check save.
    from pipeline.llm.client import LLMClient

    return LLMClient()


if __name__ == "__main__":
    run_stage(stage, "filter")
