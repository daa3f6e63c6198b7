"""The road of one source in one go, in this process: parsed, chunked, asked, filtered.

The stages do the same step by step, and may ask models; here none is asked.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.chunking import Context, chunk
from pipeline.chunking.folder import write_chunked
from pipeline.documents import Parsed
from pipeline.filtering import filter_instances
from pipeline.params import Checks, Chunking, Questions
from pipeline.questions.unmodelled import ask_without_models
from pipeline.schema import Instance, Reject


@dataclass(frozen=True, slots=True)
class Recipe:
    """What of a source's params shapes its instances, without the steps that ask models."""

    chunking: Chunking
    questions: Questions
    checks: Checks
    near_duplicate: int  # dataset.near_duplicate


def travel(parsed: Parsed, recipe: Recipe, context: Context) -> tuple[list[Instance], list[Reject]]:
    """(the instances that the checks keep, with their questions; all rejects), both in the order they are
    made.

    Raises MemcurateError as the recipe does.
    """
    chunked = chunk(parsed, recipe.chunking, context)
    with TemporaryDirectory() as scratch:
        write_chunked(Path(scratch), parsed, chunked)
        asked, rejects = ask_without_models(
            Path(scratch), recipe.questions, context.seed, context.source, context.assets
        )
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
