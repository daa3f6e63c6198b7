"""The search for near-duplicates: whether its time grows faster than n log n with the number of texts."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from math import log

from pipeline import draws
from pipeline.checks.near_duplicate import near_duplicates, sketch_of
from pipeline.errors import MemcurateError
from pipeline.params import Params
from pipeline.schema import InstanceOutline
from pipeline.storage import read_rows
from stages.bench.timing import Result, alternate, longer, timed
from stages.running import FILTERED

MOST = 8000
PARTS = (8, 4, 2, 1)


def bench(params: Params, repeat: int) -> list[Result]:
    """Search up to 8,000 chunks of all sources, each taken for a document: in eight parts, in four, two, one.

    Every search sees each text once, so that all take about as long. Texts' sketches are made before, which
    takes as long for each. Raises MemcurateError when nothing is built.
    """
    drawn = draws.shuffled(_texts(params), lambda text: text.id, params.seed, "bench")[:MOST]
    if len(drawn) < 2 * PARTS[0]:
        raise MemcurateError(f"{FILTERED} holds {len(drawn)} chunks: too few to measure")
    sketches = [sketch_of(text) for text in drawn[: len(drawn) // PARTS[0] * PARTS[0]]]
    del drawn  # the search is slower beside many objects, and assemble does not keep them either

    def search(size: int) -> None:
        for start in range(0, len(sketches), size):
            near_duplicates(sketches[start : start + size], params.dataset.near_duplicate)

    sizes = [len(sketches) // parts for parts in PARTS]
    searches = [timed(partial(search, size)) for size in sizes]
    return growth(sizes, alternate(searches, repeat, "near-duplicates"))


def growth(sizes: Sequence[int], seconds: Sequence[Sequence[float]]) -> list[Result]:
    """Compare the seconds of larger parts with those of the first, grown by n log n.

    All parts of a size together are the same texts, so that what remains of n log n is log n.
    """
    results = []
    for size, taken in zip(sizes[1:], seconds[1:], strict=True):
        grown = [one * log(size) / log(sizes[0]) for one in seconds[0]]
        name = f"near-duplicates of {size:,} texts"
        results.append(longer(name, f"{sizes[0]:,} texts, grown by n log n", taken, grown))
    return results


def _texts(params: Params) -> Iterator[InstanceOutline]:
    for source in params.use:
        for instance in read_rows(FILTERED / source / "instances.parquet", InstanceOutline):
            for chunk in instance.chunks:
                name = f"{instance.id} {chunk.segments[0].id}"
                yield replace(instance, id=name, document=name, chunks=[chunk], labels=[])
