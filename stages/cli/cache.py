"""memcurate cache: the cached responses of models, exported to version them with the dataset, and counted."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from pipeline.core.errors import MemcurateError
from pipeline.core.params import load_params
from pipeline.core.schema import ModelCall
from pipeline.core.statistics import count_model_calls
from pipeline.core.storage import read_rows
from pipeline.llm import cache_export
from pipeline.llm.response_cache import ResponseCache
from pipeline.llm.settings import load_settings
from stages.shared.paths import EVALUATION_DIR, FILTERED_DIR, QUESTIONS_DIR, TRAINED_EVALUATION_DIR

cache = typer.Typer(no_args_is_help=True, help="Export, import and count the cached responses of models.")


@cache.command("export")
def export_responses(
    file: Annotated[Path, typer.Argument(help="Parquet file to write, to be versioned with the dataset")],
) -> None:
    """Write the responses that this build used into a file. The same build gives the same file."""
    keys = {key for call in _read_model_calls() for key in call.cache_keys}
    if not keys:
        raise MemcurateError("no stage of this build called a model: there is nothing to export")
    count = cache_export.export_responses(_open_cache(), keys, file)
    print(f"{file}: {count} responses. To rebuild from them, give every model in params.yaml")
    print(f"  cached_responses: {{path: {file}, sha256: {cache_export.file_sha256(file)}}}")


@cache.command("import")
def import_responses(
    file: Annotated[Path, typer.Argument(help="a file of `memcurate cache export`")],
) -> None:
    """Add the responses of a file to the cache. Responses that it has stay as they are."""
    print(f"{cache_export.import_responses(file, _open_cache())} responses of {file} added")


@cache.command()
def stats() -> None:
    """Count the cached responses and tokens by model, and the outcomes of this build's calls by step."""
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: dict[str, float] = defaultdict(float)
    for response in _open_cache():
        totals[response.model].update(
            responses=1,
            failed=response.text is None,
            prompt_tokens=response.prompt_tokens or 0,
            completion_tokens=response.completion_tokens or 0,
        )
        seconds[response.model] += response.seconds
    for model, counts in sorted(totals.items()):
        print(
            f"{model}: {counts['responses']} responses, {counts['failed']} without a text; "
            f"{counts['prompt_tokens']} + {counts['completion_tokens']} tokens, {seconds[model]:.0f} s"
        )
    for step, outcomes in count_model_calls(_read_model_calls()).items():
        print(f"{step}: " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())))


def _open_cache() -> ResponseCache:
    return ResponseCache(load_settings().cache_path)


def _read_model_calls() -> Iterator[ModelCall]:
    """Yield the model calls of the enabled sources' stages, and of the evaluations that were run."""
    for source in load_params().enabled_sources:
        for folder in (QUESTIONS_DIR, FILTERED_DIR):
            path = folder / source / "model_calls.parquet"
            if not path.exists():
                raise MemcurateError(f"{path} is missing: run `dvc repro filter` or `dvc pull {path.parent}`")
            yield from read_rows(path, ModelCall)
    for folder in (EVALUATION_DIR, TRAINED_EVALUATION_DIR):
        if (folder / "model_calls.parquet").exists():
            yield from read_rows(folder / "model_calls.parquet", ModelCall)
