"""assemble: the dataset out of the filtered sources against copying the same files with pyarrow."""

from functools import partial

from pipeline.params import Params
from stages.bench.project import passing_project, run
from stages.bench.timing import Result, alternate, longer
from stages.running import FILTERED


def bench(params: Params, repeat: int) -> list[Result]:
    """Measure it on all sources in `use`.

    Raises MemcurateError when they are not filtered, or the stage fails.
    """
    with passing_project(*(FILTERED / source for source in params.use)) as project:
        files = [FILTERED / source / "instances.parquet" for source in params.use]
        runs = [
            partial(run, project, "stages.assemble"),
            partial(run, project, "stages.bench.plain", "copy", "copy.parquet", *files),
        ]
        mine, plain = alternate(runs, repeat, "assembling")
    return [
        longer(
            "assemble",
            "instances copied with pyarrow",
            [one.seconds for one in mine],
            [one.seconds for one in plain],
            max(one.megabytes for one in mine),
        )
    ]
