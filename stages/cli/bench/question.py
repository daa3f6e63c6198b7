"""question: the stages question and filter together, against the stage chunk on the same source."""

from functools import partial

from pipeline.core.errors import MemcurateError
from pipeline.core.params import Params
from stages.cli.bench.project import find_source, run_module, temporary_project
from stages.cli.bench.timing import BenchmarkResult, measure_slowdown, run_alternating
from stages.shared.paths import ASSETS_DIR, RAW_DIR


def bench(params: Params, repeat: int) -> list[BenchmarkResult]:
    """Measure the stages on the first source of books and the first of conversations.

    The peak memory is that of question and filter. Raises MemcurateError when the params have neither, the
    source is not fetched, or a stage fails.
    """
    sources = [source for strategy in ("books", "conversations") if (source := find_source(params, strategy))]
    if not sources:
        raise MemcurateError("no source in `enabled_sources` has chunking.strategy: books or conversations")
    return [_bench_source(source, repeat) for source in sources]


def _bench_source(source: str, repeat: int) -> BenchmarkResult:
    with temporary_project(ASSETS_DIR, RAW_DIR / source) as project:
        stages = [
            partial(run_module, project, f"stages.{name}", source) for name in ("chunk", "question", "filter")
        ]
        chunk, question, filtering = run_alternating(stages, repeat, f"questions of {source}")
    return measure_slowdown(
        f"question and filter of {source}",
        f"chunk of {source}",
        [one.seconds + other.seconds for one, other in zip(question, filtering, strict=True)],
        [one.seconds for one in chunk],
        max(one.peak_mb for one in question + filtering),
    )
