"""near_duplicates: growth of the search's time with the number of texts, against n log n."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.core import seeded_random
from pipeline.core.errors import MemcurateError
from pipeline.core.params import Params
from pipeline.core.schema import Instance
from pipeline.core.storage import read_rows, write_rows
from pipeline.publish.select_instances import select_instances
from stages.cli.bench.timing import BenchmarkResult, make_timer, measure_slowdown, run_alternating
from stages.shared.paths import FILTERED_DIR

MAX_CHUNKS = 8000
PART_COUNTS = (8, 4, 2, 1)


def bench(params: Params, repeat: int) -> list[BenchmarkResult]:
    """Select from up to 8,000 chunks of all sources, each a document: in eight parts, four, two and one.

    Every search sees each text once, so that all take about as long. Raises MemcurateError when there are too
    few chunks.
    """
    chunks = seeded_random.shuffled(_read_chunks(params), lambda text: text.id, params.seed, "bench")[
        :MAX_CHUNKS
    ]
    if len(chunks) < 2 * PART_COUNTS[0]:
        raise MemcurateError(f"{FILTERED_DIR} holds {len(chunks)} chunks: too few to measure")
    size = len(chunks) // PART_COUNTS[0]
    sizes = [size * PART_COUNTS[0] // parts for parts in PART_COUNTS]
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        paths = []
        for part in range(PART_COUNTS[0]):
            paths.append(folder / f"{part}.parquet")
            write_rows(paths[-1], Instance, chunks[part * size : (part + 1) * size])
        del chunks
        runs = count()

        def search(parts: int) -> None:
            step = len(paths) // parts
            for start in range(0, len(paths), step):
                with select_instances(
                    paths[start : start + step], params.dataset, params.seed, folder / str(next(runs))
                ):
                    pass

        searches = [make_timer(partial(search, parts)) for parts in PART_COUNTS]
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


def _read_chunks(params: Params) -> Iterator[Instance]:
    for source in params.enabled_sources:
        for instance in read_rows(FILTERED_DIR / source / "instances.parquet", Instance):
            for chunk in instance.chunks:
                name = f"{instance.id} {chunk.segments[0].id}"
                yield replace(instance, id=name, document=name, chunks=[chunk], questions=[], labels=[])
