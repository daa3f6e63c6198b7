"""All questions of a chunked source that need no model: source, label, summary and cloze questions.

The question stage reads its inputs from files, the ablations of `pipeline/parity` have them in memory: both
call the same function.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.params import QuestionParams
from pipeline.core.schema import Instance, InstanceQuestion, InstanceTexts, Question, Reject, Segment
from pipeline.core.storage import read_rows, row_group_readers
from pipeline.questions.label_questions import make_label_questions
from pipeline.questions.source_questions import assign_source_questions

# Gives the instances of a shard, anew at each call. It is picklable: worker processes call it.
InstanceShard = Callable[[], Iterable[Instance]]
TextShard = Callable[[], Iterable[Instance | InstanceTexts]]


@dataclass(frozen=True, slots=True)
class QuestionInputs:
    """A chunked source, as far as questions are made of it; each iterable is read at most once."""

    instances: Sequence[InstanceShard]  # sorted by id
    texts: Sequence[TextShard]  # of the same instances
    source_questions: Iterable[Question]  # sorted by id
    document_questions: Iterable[InstanceQuestion]  # of whole documents, sorted by instance and id
    labelled_examples: Iterable[Segment]  # sorted by id

    def iter_instances(self) -> Iterator[Instance]:
        """Iterate over the instances of all shards."""
        for read_shard in self.instances:
            yield from read_shard()


def open_question_inputs(chunks_dir: Path) -> QuestionInputs:
    """Open the files of the chunk stage; a row group of instances is a shard."""
    return QuestionInputs(
        instances=row_group_readers(chunks_dir / "instances.parquet", Instance),
        texts=row_group_readers(chunks_dir / "instances.parquet", InstanceTexts),
        source_questions=read_rows(chunks_dir / "questions.parquet", Question),
        document_questions=read_rows(chunks_dir / "document_questions.parquet", InstanceQuestion),
        labelled_examples=read_rows(chunks_dir / "labelled_examples.parquet", Segment),
    )


def make_deterministic_questions(
    inputs: QuestionInputs, config: QuestionParams, seed: int, source: str, assets: Path
) -> tuple[list[InstanceQuestion], list[Reject]]:
    """Make the questions of a source that need no model.

    Args:
        inputs: The chunked source.
        config: The source's `questions` block.
        seed: Draws the examples whose labels are asked for.
        source: Name in params.yaml.
        assets: The folder of assets, for the sentence splitter.

    Returns:
        The questions, and the source questions that no instance can be asked.
    """
    questions: list[InstanceQuestion] = []
    rejects: list[Reject] = []
    document_questions = list(inputs.document_questions)
    if config.source:
        questions, rejects = assign_source_questions(inputs.source_questions, inputs.iter_instances(), source)
        questions += (row for row in document_questions if row.question.summary is None)
    if config.label:
        questions += make_label_questions(
            inputs.labelled_examples, inputs.iter_instances(), config.label, seed, source
        )
    if config.summary or config.cloze or config.generated_summaries:
        # Imported here: it loads spaCy, seconds that most sources save.
        from pipeline.questions.rules.rule_based import make_rule_questions

        summary_questions = {
            row.instance: row.question for row in document_questions if row.question.summary is not None
        }
        questions += make_rule_questions(inputs.instances, inputs.texts, config, assets, summary_questions)
    return questions, rejects
