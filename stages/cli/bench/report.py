"""report: the stage on the files of all stages, against reading the same files with pyarrow."""

from functools import partial

from pipeline.core.params import Params
from stages.cli.bench.project import run_module, temporary_project
from stages.cli.bench.timing import BenchmarkResult, measure_slowdown, run_alternating
from stages.shared.paths import CHUNKS_DIR, DATASET_DIR, FILTERED_DIR, PARITY_DIR, QUESTIONS_DIR


def bench(params: Params, repeat: int) -> list[BenchmarkResult]:
    """Measure the stage on the dataset and all sources in `enabled_sources`.

    Raises MemcurateError when a folder is not built, or the stage fails.
    """
    folders = [
        DATASET_DIR,
        *(
            folder / source
            for folder in (CHUNKS_DIR, QUESTIONS_DIR, FILTERED_DIR, PARITY_DIR)
            for source in params.enabled_sources
        ),
    ]
    with temporary_project(*folders) as project:
        files = [path for folder in folders for path in sorted(folder.glob("*.parquet"))]
        runs = [
            partial(run_module, project, "stages.report"),
            partial(run_module, project, "stages.cli.bench.baselines", "read", *files),
        ]
        stage_runs, read_runs = run_alternating(runs, repeat, "report")
    return [
        measure_slowdown(
            "report",
            "the same files read with pyarrow",
            [run.seconds for run in stage_runs],
            [run.seconds for run in read_runs],
            max(run.peak_mb for run in stage_runs),
        )
    ]
