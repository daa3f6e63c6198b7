"""The road of one source in one go, in this process: parsed, chunked, asked, filtered.

The stages do the same step by step, with files between them, and may ask models; here none is asked.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.chunking import Chunked, Context, chunk
from pipeline.documents import Parsed
from pipeline.filtering import filter_instances
from pipeline.params import Checks, Chunking, Questions
from pipeline.questions.carried import carry_over
from pipeline.questions.held_out import ask_labels
from pipeline.schema import AskedQuestion, Instance, Reject
from pipeline.storage import write_rows


@dataclass(frozen=True, slots=True)
class Recipe:
    """What of a source's params shapes its instances, without the steps that ask models."""

    chunking: Chunking
    questions: Questions
    checks: Checks
    near_duplicate: int  # dataset.near_duplicate


def asked_of(
    parsed: Parsed, chunked: Chunked, wanted: Questions, context: Context
) -> tuple[list[AskedQuestion], list[Reject]]:
    """(the questions of a chunked source, carried, held out or made; those that no instance can be asked)."""
    asked: list[AskedQuestion] = []
    rejects: list[Reject] = []
    if wanted.carried:
        asked, rejects = carry_over(parsed.questions, chunked.instances, context.source)
        asked += (row for row in chunked.asked if row.question.summary is None)
    if wanted.held_out:
        asked += ask_labels(chunked.pool, chunked.instances, wanted.held_out, context.seed, context.source)
    if wanted.summary or wanted.cloze:
        from pipeline.questions.made import make_questions  # loads spaCy: seconds that most sources save

        told = {row.instance: row.question for row in chunked.asked if row.question.summary is not None}
        with TemporaryDirectory() as scratch:
            path = Path(scratch) / "instances.parquet"
            write_rows(path, Instance, sorted(chunked.instances, key=lambda one: one.id))
            asked += make_questions(path, wanted, context.assets, told)
    return asked, rejects


def travel(parsed: Parsed, recipe: Recipe, context: Context) -> tuple[list[Instance], list[Reject]]:
    """(the instances that the checks keep, with their questions; all rejects), both in the order they are
    made.

    Raises MemcurateError as the recipe does.
    """
    chunked = chunk(parsed, recipe.chunking, context)
    asked, rejects = asked_of(parsed, chunked, recipe.questions, context)
    rejects = [*chunked.rejects, *rejects]
    kept = []
    for instance, dropped in filter_instances(
        [replace(one, questions=[]) for one in chunked.instances],
        asked,
        recipe.checks,
        context.tokenizer,
        {},
        recipe.near_duplicate,
        context.seed,
        context.source,
    ):
        rejects += dropped
        kept += [instance] if instance is not None else []
    return kept, rejects
