"""All questions of a chunked source that need no model: source, label, summary and cloze questions.

The question stage reads its inputs from files, the ablations of `pipeline/parity` have them in memory: both
call the same function.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.core.params import QuestionParams
from pipeline.core.schema import Instance, InstanceQuestion, InstanceTexts, Metric, Question, Reject, Segment
from pipeline.questions.label_questions import make_label_questions
from pipeline.questions.source_questions import assign_source_questions
from pipeline.text.languages import find_language

# Gives the instances of a shard, anew at each call. It is picklable: worker processes call it.
InstanceShard = Callable[[], Iterable[Instance]]
TextShard = Callable[[], Iterable[Instance | InstanceTexts]]


@dataclass(frozen=True, slots=True)
class QuestionInputs:
    """A chunked source, as far as questions are made of it; each iterator is read at most once."""

    instances: Sequence[InstanceShard]  # sorted by id
    texts: Sequence[TextShard]  # of the same instances
    source_questions: Iterable[Question]  # sorted by id
    document_questions: Sequence[InstanceQuestion]  # of whole documents, sorted by instance and id
    labelled_examples: Iterable[Segment]  # sorted by id

    def iter_instances(self) -> Iterator[Instance]:
        """Iterate over the instances of all shards."""
        for read_shard in self.instances:
            yield from read_shard()


def make_deterministic_questions(
    inputs: QuestionInputs,
    config: QuestionParams,
    seed: int,
    source: str,
    assets: Path,
    language: str = "en",
) -> tuple[list[InstanceQuestion], list[Reject]]:
    """Make the questions of a source that need no model.

    Args:
        inputs: The chunked source.
        config: The source's `questions` block.
        seed: Draws the examples whose labels are asked for.
        source: Name in params.yaml.
        assets: The folder of assets, for the sentence splitter.
        language: That of the source, by ISO 639.

    Returns:
        The questions, and the source questions that no instance can be asked.
    """
    questions, rejects = make_given_questions(inputs, config, seed, source)
    if needs_rules(config):
        # Imported here: it loads spaCy, seconds that most sources save.
        from pipeline.questions.rules.rule_based import make_rule_questions

        summary_questions = select_summary_questions(inputs.document_questions)
        questions += make_rule_questions(
            inputs.instances, inputs.texts, config, assets, summary_questions, language
        )
    return questions, rejects


def make_given_questions(
    inputs: QuestionInputs, config: QuestionParams, seed: int, source: str
) -> tuple[list[InstanceQuestion], list[Reject]]:
    """Make the questions that the source gives: its own, and those for labels. Else as the function above."""
    questions: list[InstanceQuestion] = []
    rejects: list[Reject] = []
    if config.source:
        questions, rejects = assign_source_questions(inputs.source_questions, inputs.iter_instances(), source)
        questions += (row for row in inputs.document_questions if row.question.summary is None)
        if config.metric is not None:
            questions = [_with_metric(row, config.metric) for row in questions]
    if config.label:
        questions += make_label_questions(
            inputs.labelled_examples, inputs.iter_instances(), config.label, seed, source
        )
    return questions, rejects


def _with_metric(row: InstanceQuestion, metric: Metric) -> InstanceQuestion:
    """Return a question with another metric, unless it asks for labels or keywords."""
    if row.question.metric not in ("contains", "judge"):
        return row
    return replace(row, question=replace(row.question, metric=metric))


def describe_left_out(config: QuestionParams, selected: QuestionParams) -> str:
    """Name the origins that `select_rules` left out, such as `cloze and summary`; empty where it kept all."""
    origins = [
        origin for origin in ("cloze", "summary") if getattr(config, origin) != getattr(selected, origin)
    ]
    return " and ".join(origins)


def explain_left_out(config: QuestionParams, language: str) -> str:
    """Say which questions `select_rules` leaves out in a language, and why; empty where it keeps all."""
    left_out = describe_left_out(config, select_rules(config, language))
    if not left_out:
        return ""
    return (
        f"{left_out} questions are left out, for no rules make them in the source's `language`, {language}. "
        "A model can write questions: questions.generated"
    )


def needs_rules(config: QuestionParams) -> bool:
    """Return whether questions are made of the text of instances."""
    return bool(config.summary or config.cloze or config.generated_summaries)


def select_summary_questions(document_questions: Iterable[InstanceQuestion]) -> dict[str, Question]:
    """Return the questions that come with a human summary, by instance."""
    return {row.instance: row.question for row in document_questions if row.question.summary is not None}


def select_rules(config: QuestionParams, language: str) -> QuestionParams:
    """Return the `questions` block, without the questions that rules cannot make in a language.

    They make clozes in the languages of `pipeline.text.languages`, and summary questions in English alone.
    """
    if language == "en":
        return config
    cloze = config.cloze if find_language(language) is not None else 0
    return config.model_copy(update={"cloze": cloze, "summary": False})
