"""question: the questions of one source, its own and created ones, each assigned to one instance."""

from collections import Counter
from typing import Any

from pipeline.core.atomic import atomic_folder, write_json
from pipeline.core.params import Params
from pipeline.core.schema import InstanceQuestion, ModelCall, Reject
from pipeline.core.statistics import STATISTICS_FILE, count_model_calls, count_rejected, count_rejects
from pipeline.core.storage import write_rows
from pipeline.questions.deterministic import make_deterministic_questions, open_question_inputs
from stages.shared.paths import ASSETS_DIR, CHUNKS_DIR, QUESTIONS_DIR
from stages.shared.runner import run_stage


def stage(params: Params, source: str) -> dict[str, Any]:
    """Write data/questions/<source>: questions, rejects and model calls, sorted by id."""
    question_params = params.sources[source].questions
    inputs = open_question_inputs(CHUNKS_DIR / source)
    questions, rejects = make_deterministic_questions(
        inputs, question_params, params.seed, source, ASSETS_DIR
    )
    model_calls: list[ModelCall] = []
    if (
        question_params.generated
        or question_params.generated_summaries
        or question_params.keywords
        or question_params.shorten_answers
    ):
        # Imported here: it loads the client of the endpoint, which takes seconds.
        from pipeline.questions.generated.model_generated import run_model_steps

        questions, model_rejects, model_calls = run_model_steps(
            questions, inputs.iter_instances(), question_params, source
        )
        rejects += model_rejects
    with atomic_folder(QUESTIONS_DIR / source) as folder:
        ordered = sorted(questions, key=lambda row: (row.instance, row.question.id))
        write_rows(folder / "questions.parquet", InstanceQuestion, ordered)
        write_rows(folder / "rejects.parquet", Reject, sorted(rejects, key=lambda one: one.id))
        write_rows(folder / "model_calls.parquet", ModelCall, model_calls)
        statistics = {
            "questions_by_origin": dict(Counter(row.question.origin for row in questions)),
            "rejects": count_rejects(rejects),
            "model_calls": count_model_calls(model_calls),
        }
        write_json(folder / STATISTICS_FILE, statistics)
    return {"questions": len(questions), "rejected": count_rejected(rejects)}


if __name__ == "__main__":
    run_stage(stage, "question")
