"""question and filter together against chunk, on the same source: the first of books and of conversations."""

from functools import partial

from pipeline.errors import MemcurateError
from pipeline.params import Params
from stages.bench.project import passing_project, run, source_of
from stages.bench.timing import Result, alternate, longer
from stages.running import ASSETS, RAW


def bench(params: Params, repeat: int) -> list[Result]:
    """Measure the three stages on each source, one after the other; memory is of question and filter.

    Raises MemcurateError when there is no such source, it is not fetched, or a stage fails.
    """
    sources = [source for recipe in ("books", "conversations") if (source := source_of(params, recipe))]
    if not sources:
        raise MemcurateError("no source in `use` has chunking.recipe: books or conversations")
    return [_bench(source, repeat) for source in sources]


def _bench(source: str, repeat: int) -> Result:
    with passing_project(ASSETS, RAW / source) as project:
        stages = [partial(run, project, f"stages.{name}", source) for name in ("chunk", "question", "filter")]
        chunk, question, filtering = alternate(stages, repeat, f"questions of {source}")
    return longer(
        f"question and filter of {source}",
        f"chunk of {source}",
        [one.seconds + other.seconds for one, other in zip(question, filtering, strict=True)],
        [one.seconds for one in chunk],
        max(one.megabytes for one in question + filtering),
    )
