"""chunk: the raw files of one source into instances, carried questions, example pools and rejects."""

from typing import Any

from pipeline.chunking import Context, chunk
from pipeline.chunking.folder import write_chunked
from pipeline.folders import whole_folder
from pipeline.params import Params
from pipeline.sources import parse
from pipeline.statistics import Figures, by_reason, lost_sides
from stages.exits import tell
from stages.running import ASSETS, CHUNKS, RAW, run, source_argument


def stage(params: Params, source: str) -> dict[str, Any]:
    """Write data/chunks/<source>: instances, rejects, pool, and the source's own questions."""
    context = Context(source, params.seed, params.split, params.tokenizer, ASSETS)
    parsed = parse(source, RAW / source)
    chunked = chunk(parsed, params.sources[source].chunking, context)
    figures = Figures()
    for instance in chunked.instances:
        figures.add(instance)
    with whole_folder(CHUNKS / source) as folder:
        write_chunked(folder, parsed, chunked)
    for line in lost_sides(figures.by_split(), chunked.rejects, source in params.dataset.evaluation):
        tell(f"chunk@{source}", line)
    return {**figures.by_split(), "rejects": by_reason(chunked.rejects)}


if __name__ == "__main__":
    run(stage, "chunk", source_argument())
