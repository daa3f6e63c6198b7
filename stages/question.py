"""question: the questions of one source, carried over or made, each asked of one instance."""

from collections import Counter
from typing import Any

from pipeline.folders import whole_folder
from pipeline.params import Params
from pipeline.questions.unmodelled import ask_without_models
from pipeline.schema import Asked, AskedQuestion, Instance, Reject
from pipeline.statistics import by_reason, by_step
from pipeline.storage import read_rows, write_rows
from stages.running import ASSETS, CHUNKS, QUESTIONS, run, source_argument


def stage(params: Params, source: str) -> dict[str, Any]:
    """Write data/questions/<source>: questions, rejects, and what models were asked, sorted by id."""
    wanted = params.sources[source].questions
    chunks = CHUNKS / source
    asked, rejects = ask_without_models(chunks, wanted, params.seed, source, ASSETS)
    models: list[Asked] = []
    if wanted.written or wanted.told or wanted.keywords or wanted.shorten:
        from pipeline.questions.modelled import ask_models  # loads the endpoint's client: seconds

        instances = read_rows(chunks / "instances.parquet", Instance)
        asked, more, models = ask_models(asked, instances, wanted, source)
        rejects += more
    with whole_folder(QUESTIONS / source) as folder:
        ordered = sorted(asked, key=lambda row: (row.instance, row.question.id))
        write_rows(folder / "questions.parquet", AskedQuestion, ordered)
        write_rows(folder / "rejects.parquet", Reject, sorted(rejects, key=lambda one: one.id))
        write_rows(folder / "asked.parquet", Asked, models)
    origins = Counter(row.question.origin for row in asked)
    counts: dict[str, Any] = {"questions_by_origin": dict(origins), "rejects": by_reason(rejects)}
    return {**counts, "asked": by_step(models)} if models else counts


if __name__ == "__main__":
    run(stage, "question", source_argument())
