"""Labelled examples into instances that show every label (paper: NLU, TREC, PubMed-RCT).

The pool is divided label by label, so that each label stands on both sides; an example never does. The
division is drawn by the pool's name and the text alone: two sources over one pool share it. An instance
shows one example of each label and others at random until its chunks are full. On one side examples
recur across instances, unless each serves once: then a side's pool is dealt out to its instances, each of
which shows some of its own part and is asked about the rest.
"""

from collections import defaultdict

from pipeline import draws
from pipeline.chunking.context import Chunked, Context
from pipeline.chunking.instances import instance_of, rejected_segments
from pipeline.chunking.packing import Draft, no_room, pack
from pipeline.documents import Parsed
from pipeline.errors import MemcurateError
from pipeline.params import ExampleChunking
from pipeline.rendering import ExampleRendering
from pipeline.schema import SIDES, Label, Segment, Split


def chunk(parsed: Parsed, recipe: ExampleChunking, context: Context) -> Chunked:
    """Instances of both sides, and each side's pool for the held-out questions.

    Raises MemcurateError when a label has one example only, or the chunks cannot hold one of each label,
    or a side has too few examples to fill them.
    """
    chunked = Chunked(rejects=list(parsed.rejects))
    kept = _kept(parsed.examples, recipe, context, chunked)
    if not kept:
        raise MemcurateError(
            f"sources.{context.source}: no label has chunking.min_examples = {recipe.min_examples} examples"
        )
    sides = _divided(kept, context)
    labels = [Label(number, name) for number, name in enumerate(sorted({_label(one) for one in kept}))]
    in_test = max(1, round(recipe.instances * context.split.test_share))
    for side, count in zip(SIDES, (recipe.instances - in_test, in_test), strict=True):
        pool = sides[side]
        parts = _dealt(pool, count, context, side) if recipe.once else [pool] * count
        chunked.pool += pool
        for ordinal, part in enumerate(parts):
            drafts = _filled(part, labels, recipe, context, side, ordinal)
            chunked.instances.append(
                instance_of(context.source, side, part[0].document, ordinal, drafts, labels)
            )
    return chunked


def _dealt(pool: list[Segment], count: int, context: Context, side: Split) -> list[list[Segment]]:
    """The examples dealt out to so many instances; their document becomes `<pool>/<side>/<ordinal>`.

    Raises MemcurateError when an instance would get none.
    """
    if count > len(pool):
        raise MemcurateError(
            f"sources.{context.source}.chunking: the {side} side has {len(pool)} examples for {count} "
            "instances: lower instances"
        )
    drawn = draws.shuffled(pool, lambda one: one.id, context.seed, context.source, side, "dealt")
    parts = [drawn[ordinal::count] for ordinal in range(count)]
    for ordinal, part in enumerate(parts):
        for example in part:
            example.document = f"{example.document}/{ordinal}"
    return parts


def _label(example: Segment) -> str:
    assert example.label is not None
    return example.label


def _kept(
    examples: list[Segment], recipe: ExampleChunking, context: Context, chunked: Chunked
) -> list[Segment]:
    """The examples of labels that have enough of them; the others become rejects."""
    by_label: dict[str, list[Segment]] = defaultdict(list)
    for example in examples:
        by_label[_label(example)].append(example)
    for name, rare in sorted(by_label.items()):
        if len(rare) < recipe.min_examples:
            detail = f"label {name} has {len(rare)}, min_examples is {recipe.min_examples}"
            chunked.rejects.append(
                rejected_segments(context.source, "label too rare", detail, rare[0].document, rare)
            )
    return [example for example in examples if len(by_label[_label(example)]) >= recipe.min_examples]


def _divided(examples: list[Segment], context: Context) -> dict[Split, list[Segment]]:
    """The examples of each side, in order; their document becomes `<pool>/<side>`."""
    strata: dict[str, list[Segment]] = defaultdict(list)
    for example in examples:
        strata[example.section or ""].append(example)
    test: set[str] = set()
    for stratum, members in strata.items():
        count = min(len(members) - 1, max(1, round(len(members) * context.split.test_share)))
        order = draws.shuffled(
            members, lambda one: one.text, context.seed, members[0].document, stratum, "test"
        )
        test.update(one.id for one in order[:count])
    sides: dict[Split, list[Segment]] = {"train": [], "test": []}
    for example in examples:
        side: Split = "test" if example.id in test else "train"
        example.document = f"{example.document}/{side}"
        sides[side].append(example)
    labels = {_label(example) for example in examples}
    for side, pool in sides.items():
        missing = sorted(labels - {_label(example) for example in pool})
        if missing:
            raise MemcurateError(
                f"sources.{context.source}: the {side} side has no example of {', '.join(missing)}: "
                "a label needs two; raise chunking.min_examples to leave such labels out"
            )
    return sides


def _filled(
    pool: list[Segment],
    labels: list[Label],
    recipe: ExampleChunking,
    context: Context,
    side: Split,
    ordinal: int,
) -> list[Draft[list[Segment]]]:
    """The chunks of one instance."""
    names = (context.seed, context.source, side, ordinal)
    drawn = draws.shuffled(pool, lambda one: one.id, *names, "examples")
    firsts: dict[str, Segment] = {}
    for example in drawn:
        firsts.setdefault(_label(example), example)
    missing = sorted({label.name for label in labels} - firsts.keys())
    if missing:
        raise MemcurateError(
            f"sources.{context.source}.chunking: {side} instance {ordinal} got no example of "
            f"{', '.join(missing)}: lower instances"
        )
    needed = list(firsts.values())
    chosen = {example.id for example in needed}
    others = [example for example in drawn if example.id not in chosen]
    rendering = ExampleRendering({label.name: label.number for label in labels})
    low_target = recipe.min_target
    target = context.targets(low_target, recipe.max_tokens, side, ordinal) if low_target else None

    def packed(extra: int) -> list[Draft[list[Segment]]]:
        shown = draws.shuffled([*needed, *others[:extra]], lambda one: one.id, *names, "order")
        units = [[example] for example in shown]
        unfit: list[Segment] = []
        tools = context.tokenizer, context.splitter
        drafts = list(pack(units, *tools, rendering, recipe.max_tokens, unfit, target=target))
        if unfit:  # the lines around a sample are the same for all
            raise no_room(recipe.max_tokens)
        return drafts

    if len(packed(0)) > recipe.chunks:
        raise MemcurateError(
            f"sources.{context.source}.chunking: one example of each of {len(labels)} labels does not fit "
            f"into {recipe.chunks} chunks of {recipe.max_tokens} tokens: raise chunks or max_tokens"
        )
    # The most others that leave it at so many chunks, by halving. A rendered example has over 6 tokens.
    low, high = 0, min(len(others), recipe.chunks * recipe.max_tokens // 6)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(packed(middle)) <= recipe.chunks else (low, middle - 1)
    drafts = packed(low)
    if len(drafts) < recipe.chunks:
        raise MemcurateError(
            f"sources.{context.source}.chunking: the {side} side has {len(pool)} examples, which fill "
            f"{len(drafts)} chunks of {recipe.max_tokens} tokens: lower chunks or max_tokens"
        )
    return drafts
