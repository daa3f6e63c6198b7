"""assemble: the stage on the filtered sources, against copying the same files with pyarrow."""

from functools import partial

from pipeline.core.params import Params
from stages.cli.bench.project import run_module, temporary_project
from stages.cli.bench.timing import BenchmarkResult, measure_slowdown, run_alternating
from stages.shared.paths import FILTERED_DIR


def bench(params: Params, repeat: int) -> list[BenchmarkResult]:
    """Measure the stage on all sources in `enabled_sources`.

    Raises MemcurateError when one is not filtered, or the stage fails.
    """
    with temporary_project(*(FILTERED_DIR / source for source in params.enabled_sources)) as project:
        files = [FILTERED_DIR / source / "instances.parquet" for source in params.enabled_sources]
        runs = [
            partial(run_module, project, "stages.assemble"),
            partial(run_module, project, "stages.cli.bench.baselines", "copy", "copy.parquet", *files),
        ]
        stage_runs, copy_runs = run_alternating(runs, repeat, "assemble")
    return [
        measure_slowdown(
            "assemble",
            "instances copied with pyarrow",
            [run.seconds for run in stage_runs],
            [run.seconds for run in copy_runs],
            max(run.peak_mb for run in stage_runs),
        )
    ]
