"""near_duplicates: growth of the search's time with the number of texts, against n log n."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from math import log

from pipeline.core import seeded_random
from pipeline.core.errors import MemcurateError
from pipeline.core.params import Params
from pipeline.core.schema import InstanceProjection
from pipeline.core.storage import read_rows
from pipeline.dedup.near_duplicate import find_near_duplicates, make_sketch
from stages.cli.bench.timing import BenchmarkResult, make_timer, measure_slowdown, run_alternating
from stages.shared.paths import FILTERED_DIR

MAX_CHUNKS = 8000
PART_COUNTS = (8, 4, 2, 1)


def bench(params: Params, repeat: int) -> list[BenchmarkResult]:
    """Search up to 8,000 chunks of all sources, each as a document, in eight parts, in four, in two, in one.

    Every search sees each text once, so that all take about as long. The sketches are made before: their time
    is linear. Raises MemcurateError when there are too few chunks.
    """
    chunks = seeded_random.shuffled(_read_chunks(params), lambda text: text.id, params.seed, "bench")[
        :MAX_CHUNKS
    ]
    if len(chunks) < 2 * PART_COUNTS[0]:
        raise MemcurateError(f"{FILTERED_DIR} holds {len(chunks)} chunks: too few to measure")
    sketches = [make_sketch(text) for text in chunks[: len(chunks) // PART_COUNTS[0] * PART_COUNTS[0]]]
    del chunks  # many live objects slow the search, and assemble does not keep them either

    def search(size: int) -> None:
        for start in range(0, len(sketches), size):
            find_near_duplicates(sketches[start : start + size], params.dataset.near_duplicate)

    sizes = [len(sketches) // parts for parts in PART_COUNTS]
    searches = [make_timer(partial(search, size)) for size in sizes]
    return compare_growth(sizes, run_alternating(searches, repeat, "near_duplicates"))


def compare_growth(sizes: Sequence[int], seconds: Sequence[Sequence[float]]) -> list[BenchmarkResult]:
    """Compare the seconds of larger parts with those of the smallest, scaled by n log n.

    `seconds` has a list per size, of the rounds that searched all texts in parts of that size. The number of
    texts is the same in all, so that the factor n cancels and log n remains.
    """
    results = []
    for size, measured in zip(sizes[1:], seconds[1:], strict=True):
        expected = [one * log(size) / log(sizes[0]) for one in seconds[0]]
        name = f"near-duplicates of {size:,} texts"
        results.append(measure_slowdown(name, f"{sizes[0]:,} texts, grown by n log n", measured, expected))
    return results


def _read_chunks(params: Params) -> Iterator[InstanceProjection]:
    for source in params.enabled_sources:
        for instance in read_rows(FILTERED_DIR / source / "instances.parquet", InstanceProjection):
            for chunk in instance.chunks:
                name = f"{instance.id} {chunk.segments[0].id}"
                yield replace(instance, id=name, document=name, chunks=[chunk], labels=[])
