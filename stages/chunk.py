"""chunk: the raw files of one source into instances, carried questions, example pools and rejects."""

from typing import Any

from pipeline.chunking import Context, chunk
from pipeline.folders import whole_folder
from pipeline.params import Params
from pipeline.schema import AskedQuestion, Instance, Question, Reject, Segment
from pipeline.sources import parse
from pipeline.statistics import Figures, by_reason
from pipeline.storage import write_rows
from stages.running import ASSETS, CHUNKS, RAW, run, source_argument


def stage(params: Params, source: str) -> dict[str, Any]:
    """Write data/chunks/<source>, sorted by id: instances, rejects, pool, and the source's own questions.

    These are in questions.parquet, or in asked.parquet where they belong to a whole document.
    """
    context = Context(source, params.seed, params.split, params.tokenizer, ASSETS)
    parsed = parse(source, RAW / source)
    chunked = chunk(parsed, params.sources[source].chunking, context)
    figures = Figures()
    for instance in chunked.instances:
        figures.add(instance)
    with whole_folder(CHUNKS / source) as folder:
        write_rows(folder / "instances.parquet", Instance, sorted(chunked.instances, key=lambda one: one.id))
        write_rows(folder / "rejects.parquet", Reject, sorted(chunked.rejects, key=lambda one: one.id))
        write_rows(folder / "questions.parquet", Question, sorted(parsed.questions, key=lambda one: one.id))
        write_rows(folder / "pool.parquet", Segment, sorted(chunked.pool, key=lambda one: one.id))
        asked = sorted(chunked.asked, key=lambda row: (row.instance, row.question.id))
        write_rows(folder / "asked.parquet", AskedQuestion, asked)
    return {**figures.by_split(), "rejects": by_reason(chunked.rejects)}


if __name__ == "__main__":
    run(stage, "chunk", source_argument())
