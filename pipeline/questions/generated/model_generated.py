"""Run the steps that ask a model for a source's questions, each where the params have its block."""

from collections.abc import Iterable, Sequence

from pipeline.core.params import QuestionParams
from pipeline.core.schema import Instance, InstanceQuestion, Reject
from pipeline.llm.client import LLMClient
from pipeline.questions.generated.answer_shortening import shorten_answers
from pipeline.questions.generated.model_questions import generate_questions
from pipeline.questions.generated.model_summaries import generate_summaries, make_keyword_questions


def run_model_steps(
    questions: Sequence[InstanceQuestion],
    instances: Iterable[Instance],
    config: QuestionParams,
    source: str,
    client: LLMClient,
) -> tuple[list[InstanceQuestion], list[Reject]]:
    """Shorten answers, write summaries and keywords, and write questions with models.

    Args:
        questions: The questions that were made without models.
        instances: The instances that the questions are about.
        config: The source's `questions` block.
        source: Name in params.yaml.
        client: Has the budget of the whole run, and records the model calls.

    Returns:
        The questions after these steps, and the rejects.

    Raises:
        MemcurateError: When the model or a limit stops the requests; the responses so far are kept.
    """
    all_instances = list(instances)
    kept, rejects = list(questions), list[Reject]()
    if config.shorten_answers:
        kept, rejects = shorten_answers(kept, config.shorten_answers, client, source)
    if config.keywords:
        summary_rows = [row for row in kept if _is_summary(row)]
        rule_questions = {row.instance: row.question for row in summary_rows if not row.question.summary}
        summary_texts = {row.instance: row.question.summary for row in summary_rows if row.question.summary}
        kept = [row for row in kept if not _is_summary(row)]
        summarized = all_instances
        if config.generated_summaries:
            missing = [instance for instance in all_instances if instance.id not in summary_texts]
            generated_summaries, more_rejects = generate_summaries(
                missing, rule_questions, config.generated_summaries, client
            )
            rejects += more_rejects
            summary_texts |= generated_summaries
            summarized = [instance for instance in all_instances if instance.id in summary_texts]
        keyword_rows, more_rejects = make_keyword_questions(
            summarized, summary_texts, config.keywords, client
        )
        kept += keyword_rows
        rejects += more_rejects
    if config.generated:
        generated_questions, more_rejects = generate_questions(all_instances, config.generated, client)
        kept += generated_questions
        rejects += more_rejects
    return kept, rejects


def _is_summary(row: InstanceQuestion) -> bool:
    """Return whether a question asks for a summary: the model's keywords replace its answers."""
    return row.question.metric == "keywords" and (
        row.question.origin == "summary" or row.question.summary is not None
    )
