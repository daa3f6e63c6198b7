"""report: page and tables out of every stage's files against reading the same files with pyarrow."""

from functools import partial

from pipeline.params import Params
from stages.bench.project import passing_project, run
from stages.bench.timing import Result, alternate, longer
from stages.running import CHUNKS, DATASET, FILTERED, PARITY, QUESTIONS


def bench(params: Params, repeat: int) -> list[Result]:
    """Measure it on the dataset and all sources in `use`.

    Raises MemcurateError when something is not built, or the stage fails.
    """
    rooms = [
        DATASET,
        *(room / source for room in (CHUNKS, QUESTIONS, FILTERED, PARITY) for source in params.use),
    ]
    with passing_project(*rooms) as project:
        files = [path for room in rooms for path in sorted(room.glob("*.parquet"))]
        runs = [
            partial(run, project, "stages.report"),
            partial(run, project, "stages.bench.plain", "read", *files),
        ]
        mine, plain = alternate(runs, repeat, "reporting")
    return [
        longer(
            "report",
            "the same files read with pyarrow",
            [one.seconds for one in mine],
            [one.seconds for one in plain],
            max(one.megabytes for one in mine),
        )
    ]
