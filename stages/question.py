"""question: the questions of one source, its own and created ones, each assigned to one instance."""

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

from pipeline.core.atomic import atomic_folder, write_json
from pipeline.core.output_files import FileGroup, write_output_files
from pipeline.core.params import Params, QuestionParams
from pipeline.core.parts import read_part_rows
from pipeline.core.remote import AnyPath, new_folder
from pipeline.core.schema import Instance, InstanceQuestion, ModelCall, Reject
from pipeline.core.statistics import STATISTICS_FILE, count_model_calls
from pipeline.core.storage import read_rows, write_rows
from pipeline.questions.chunk_inputs import ChunkInputs, find_chunk_inputs
from pipeline.questions.deterministic import explain_left_out, select_rules
from pipeline.questions.question_parts import QUESTION_TABLES, write_question_parts
from pipeline.questions.shards import make_question_parts
from stages.shared.paths import ASSETS_DIR, CHUNKS_DIR, QUESTIONS_DIR
from stages.shared.runner import run_stage
from stages.shared.task_parts import task_parts

_logger = logging.getLogger(__name__)


def stage(params: Params, source: str) -> dict[str, Any]:
    """Write data/questions/<source>: questions, rejects and model calls, sorted by id."""
    language = params.sources[source].language
    config = select_rules(params.sources[source].questions, language)
    left_out = explain_left_out(params.sources[source].questions, language)
    if left_out:
        _logger.warning("question@%s: %s", source, left_out)
    files = find_chunk_inputs(CHUNKS_DIR / source)
    model_calls: list[ModelCall] = []
    with task_parts("question", source) as parts_dir, atomic_folder(QUESTIONS_DIR / source) as folder:
        groups, origins = make_question_parts(
            files, config, params.seed, source, ASSETS_DIR, parts_dir, language
        )
        if config.generated or config.generated_summaries or config.keywords or config.shorten_answers:
            groups, origins, model_calls = _run_model_steps(files, groups, config, source, parts_dir)
        _, rejects = write_output_files(folder, QUESTION_TABLES, groups, {})
        write_rows(folder / "model_calls.parquet", ModelCall, model_calls)
        statistics = {
            "questions_by_origin": dict(origins),
            "rejects": rejects.by_split(),
            "model_calls": count_model_calls(model_calls),
        }
        write_json(folder / STATISTICS_FILE, statistics)
    return {"questions": origins.total(), "rejected": rejects.total()}


def _run_model_steps(
    files: Sequence[ChunkInputs],
    groups: Sequence[FileGroup],
    config: QuestionParams,
    source: str,
    parts_dir: AnyPath,
) -> tuple[list[FileGroup], Counter[str], list[ModelCall]]:
    """Run the steps that ask a model, file by file, on the questions of `groups`.

    Returns the parts of each file of the stage, the questions by origin, and the model calls.
    """
    # Imported here: it loads the client of the endpoint, which takes seconds.
    from pipeline.llm.client import LLMClient
    from pipeline.questions.generated.model_generated import run_model_steps

    client = LLMClient()  # one for all files: it holds the budget of the run
    new_groups, origins = [], Counter[str]()
    for index, (file, group) in enumerate(zip(files, groups, strict=True)):
        rows = read_part_rows(group.folders, "questions", InstanceQuestion)
        rejects = read_part_rows(group.folders, "rejects", Reject)
        questions, model_rejects = run_model_steps(
            rows, read_rows(file.instances, Instance), config, source, client
        )
        folder = parts_dir / f"models-{index}"
        with new_folder(folder) as staged:
            write_question_parts(staged, questions, [*rejects, *model_rejects])
        new_groups.append(FileGroup([folder]))
        origins.update(row.question.origin for row in questions)
    return new_groups, origins, client.model_calls


if __name__ == "__main__":
    run_stage(stage, "question")
