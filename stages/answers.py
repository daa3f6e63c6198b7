"""memcurate answers: the answers that models gave, to be versioned with the dataset and taken elsewhere."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from pipeline.endpoint.answers import AnswerCache
from pipeline.endpoint.exchange import bring_in, digest, export
from pipeline.endpoint.settings import from_environment
from pipeline.errors import MemcurateError
from pipeline.params import load_params
from pipeline.schema import Asked
from pipeline.statistics import by_step
from pipeline.storage import read_rows
from stages.running import EVALUATION, FILTERED, QUESTIONS, TRAINED_EVALUATION

answers = typer.Typer(no_args_is_help=True, help="Answers that models gave: kept, and taken elsewhere.")


@answers.command("export")
def export_answers(
    file: Annotated[Path, typer.Argument(help="Parquet file to write, to be versioned with the dataset")],
) -> None:
    """Write the answers that this build used; the same build gives the same file."""
    keys = {key for one in _asked() for key in one.keys}
    if not keys:
        raise MemcurateError("no stage of this build asked a model: there is nothing to export")
    count = export(_cache(), keys, file)
    print(f"{file}: {count} answers. To rebuild from them, give every ask in params.yaml")
    print(f"  answers: {{path: {file}, sha256: {digest(file)}}}")


@answers.command("import")
def import_answers(
    file: Annotated[Path, typer.Argument(help="a file of `memcurate answers export`")],
) -> None:
    """Keep the answers of a file here; those that are kept already stay as they are."""
    print(f"{bring_in(file, _cache())} answers of {file} are kept")


@answers.command()
def stats() -> None:
    """What is kept, by model, with tokens read and written; what came of what this build asked, by step."""
    kept: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: dict[str, float] = defaultdict(float)
    for answer in _cache():
        kept[answer.model].update(
            answers=1,
            failed=answer.text is None,
            read=answer.prompt_tokens or 0,
            written=answer.completion_tokens or 0,
        )
        seconds[answer.model] += answer.seconds
    for model, counts in sorted(kept.items()):
        print(
            f"{model}: {counts['answers']} kept, {counts['failed']} of them without a text; "
            f"{counts['read']} + {counts['written']} tokens, {seconds[model]:.0f} s"
        )
    for step, outcomes in by_step(_asked()).items():
        print(f"{step}: " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())))


def _cache() -> AnswerCache:
    return AnswerCache(from_environment().answers)


def _asked() -> Iterator[Asked]:
    """What the stages of the sources in use asked, and the evaluations where there are any."""
    for source in load_params().use:
        for room in (QUESTIONS, FILTERED):
            path = room / source / "asked.parquet"
            if not path.exists():
                raise MemcurateError(f"{path} is not there: build with `dvc repro filter`, or `dvc pull` it")
            yield from read_rows(path, Asked)
    for room in (EVALUATION, TRAINED_EVALUATION):
        if (room / "asked.parquet").exists():
            yield from read_rows(room / "asked.parquet", Asked)
