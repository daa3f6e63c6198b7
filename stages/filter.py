"""filter: the questions and instances of one source that pass the checks, in data/filtered/<source>.

The others are rejected with a reason.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipeline.checks.human_review import collect_bad_verdicts, read_reviews
from pipeline.checks.shards import FILTER_TABLES, FilterParams, FilterTask, filter_shard, plan_filter_tasks
from pipeline.core.atomic import atomic_folder, write_json
from pipeline.core.json_reader import load_json
from pipeline.core.output_files import FileGroup, write_output_files
from pipeline.core.params import CheckParams, Params
from pipeline.core.remote import AnyPath, new_folder
from pipeline.core.schema import ModelCall
from pipeline.core.statistics import STATISTICS_FILE, count_model_calls
from pipeline.core.storage import write_rows
from pipeline.core.tasks import TaskResult, run_tasks
from stages.shared.paths import ASSETS_DIR, CHUNKS_DIR, FILTERED_DIR, QUESTIONS_DIR, REVIEWS_DIR
from stages.shared.runner import run_stage
from stages.shared.task_parts import task_parts

if TYPE_CHECKING:
    from pipeline.llm.client import LLMClient

_logger = logging.getLogger(__name__)


def stage(params: Params, source: str) -> dict[str, Any]:
    """Write data/filtered/<source>: instances with questions, rejects, PII findings, model calls."""
    corpus = params.sources[source]
    filter_params = FilterParams(
        source=source,
        checks=corpus.checks,
        near_duplicate=params.dataset.near_duplicate,
        bad_verdicts=collect_bad_verdicts(read_reviews(REVIEWS_DIR / f"{source}.csv")),
        seed=params.seed,
        tokenizer_name=params.tokenizer,
        assets=ASSETS_DIR,
        language=corpus.language,
    )
    by_file = plan_filter_tasks(
        filter_params,
        CHUNKS_DIR / source / "instances.parquet",
        QUESTIONS_DIR / source / "questions.parquet",
    )
    client = _create_llm_client(corpus.checks)
    card = {f"memcurate.card.{key}": value for key, value in corpus.card if value is not None}
    card.setdefault("memcurate.card.title", source)
    notes = [
        corpus.card.note,
        _describe_language(corpus.language),
        _describe_undated(source),
        _describe_masked(source),
    ]
    if any(notes[1:]):
        card["memcurate.card.note"] = " ".join(filter(None, notes))
    with task_parts("filter", source) as parts_dir, atomic_folder(FILTERED_DIR / source) as folder:
        results = _run_tasks([task for tasks in by_file for task in tasks], parts_dir, client)
        remaining = iter(results)
        groups = [FileGroup([next(remaining).folder for _ in tasks]) for tasks in by_file]
        stats, rejects = write_output_files(folder, FILTER_TABLES, groups, card)
        model_calls = client.model_calls if client else []
        write_rows(folder / "model_calls.parquet", ModelCall, model_calls)
        pii = sum((Counter(result.manifest["pii"]) for result in results), Counter[str]())
        statistics = {
            **stats.by_split(),
            "rejects": rejects.by_split(),
            "pii": dict(pii),
            "model_calls": count_model_calls(model_calls),
        }
        write_json(folder / STATISTICS_FILE, statistics)
    is_evaluation_set = source in params.dataset.eval_only_sources
    for line in rejects.explain_empty_splits(stats.by_split(), is_evaluation_set):
        _logger.warning("filter@%s: %s", source, line)
    questions = stats.totals()["questions"]
    num_checked = questions + rejects.num_rows("question")
    kept_percent = round(100 * questions / max(num_checked, 1), 1)
    return {"questions": questions, "kept_percent": kept_percent, "pii": pii.total()}


def _describe_language(language: str) -> str:
    """Return a sentence for the card, where the texts are not in English."""
    return "" if language == "en" else f"Language: {language}."


def _describe_undated(source: str) -> str:
    """Return a sentence for the card where dates were drawn."""
    undated = _read_chunk_statistics(source).get("undated", 0)
    return f"{undated:,} of its documents have no time; their dates are drawn." if undated else ""


def _describe_masked(source: str) -> str:
    """Return a sentence for the card where pseudonyms replace personal data."""
    masked = _read_chunk_statistics(source).get("masked", {})
    kinds = ", ".join(f"{count:,} of kind {kind}" for kind, count in masked.items())
    return f"Personal data in it is replaced by pseudonyms: {kinds}." if masked else ""


def _read_chunk_statistics(source: str) -> dict[str, Any]:
    statistics = load_json((CHUNKS_DIR / source / STATISTICS_FILE).read_bytes())
    assert isinstance(statistics, dict)
    return statistics


def _run_tasks(
    tasks: Sequence[FilterTask], parts_dir: AnyPath, client: "LLMClient | None"
) -> list[TaskResult]:
    """Run the tasks in worker processes; in this process where a check calls a model."""
    if client is None:
        return list(run_tasks(filter_shard, tasks, parts_dir, "shards"))
    results = []
    for number, task in enumerate(tasks):
        folder = parts_dir / str(number)
        # All run again after a kill: the cache of responses makes that cheap.
        with new_folder(folder) as staged:
            results.append(TaskResult(folder, filter_shard(task, staged, client)))
    return results


def _create_llm_client(checks: CheckParams) -> "LLMClient | None":
    """Return a client where a check needs a model, else None."""
    if checks.closed_book is None and checks.open_book is None:
        return None
    # Imported here: it takes seconds, which sources without such a check save.
    from pipeline.llm.client import LLMClient

    return LLMClient()


if __name__ == "__main__":
    run_stage(stage, "filter")
