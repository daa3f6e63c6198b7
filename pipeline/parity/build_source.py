"""One source from parsed records to filtered instances, in memory: for ablations, and for tests.

It calls the functions of the chunk, question and filter stages one after the other, and asks no model.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from pipeline.checks.filtering import filter_instances
from pipeline.chunking import ChunkedSource, ChunkingContext, chunk_source
from pipeline.core.params import CheckParams, Chunking, QuestionParams
from pipeline.core.schema import Instance, Question, Reject
from pipeline.questions.deterministic import QuestionInputs, make_deterministic_questions, select_rules
from pipeline.sources.parsed import ParsedSource


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """The params of a source that shape its instances, without the steps that ask a model."""

    chunking: Chunking
    questions: QuestionParams
    checks: CheckParams
    near_duplicate: int  # dataset.near_duplicate, in percent
    language: str = "en"


def build_source(
    parsed: ParsedSource, config: SourceConfig, context: ChunkingContext
) -> tuple[list[Instance], list[Reject]]:
    """Chunk a parsed source, make its questions and filter them.

    Returns:
        The instances that the checks keep, with their questions, sorted by id; and all rejects in the order
        in which they are made.

    Raises:
        MemcurateError: As the chunking strategy does.
    """
    return finish_source(chunk_source(parsed, config.chunking, context), parsed.questions, config, context)


def finish_source(
    chunked: ChunkedSource,
    source_questions: Sequence[Question],
    config: SourceConfig,
    context: ChunkingContext,
) -> tuple[list[Instance], list[Reject]]:
    """Make the questions of a chunked source and filter them; return as `build_source` does."""
    instances = sorted(chunked.instances, key=lambda one: one.id)
    inputs = QuestionInputs(
        instances=[partial(list, instances)],
        texts=[partial(list, instances)],
        source_questions=sorted(source_questions, key=lambda one: one.id),
        document_questions=sorted(
            chunked.document_questions, key=lambda row: (row.instance, row.question.id)
        ),
        labelled_examples=sorted(chunked.labelled_examples, key=lambda one: one.id),
    )
    questions, rejects = make_deterministic_questions(
        inputs,
        select_rules(config.questions, config.language),
        context.seed,
        context.source,
        context.assets,
        config.language,
    )
    rejects = [*chunked.rejects, *rejects]
    kept = []
    for instance, dropped in filter_instances(
        [replace(one, questions=[]) for one in chunked.instances],
        questions,
        config.checks,
        context.tokenizer,
        {},
        config.near_duplicate,
        context.seed,
        context.source,
        language=config.language,
    ):
        rejects += dropped
        kept += [instance] if instance is not None else []
    return kept, rejects
