"""Chunk labelled examples into instances that show every label (paper: NLU, TREC, PubMed-RCT).

The pool is split label by label, so that each label is in both splits; an example is in one. The split is
drawn by the pool's name and the text alone: two sources over one pool share it. An instance shows one example
of each label and others at random until its chunks are full. Within a split, examples recur across instances,
unless `disjoint_examples` is set: then a split's pool is partitioned among its instances, each of which shows
some examples of its own part and is asked about the rest.
"""

from collections import defaultdict

from pipeline.chunking.chunk_templates import ExampleTemplate
from pipeline.chunking.instances import make_instance_from_packed, reject_segments
from pipeline.chunking.packing import PackedChunk, budget_error
from pipeline.chunking.types import ChunkedSource, ChunkingContext
from pipeline.core import seeded_random
from pipeline.core.errors import MemcurateError
from pipeline.core.params import ExampleChunking
from pipeline.core.schema import DRAWN_SPLITS, Label, Segment, Split
from pipeline.sources.parsed import ParsedSource


def chunk(parsed: ParsedSource, params: ExampleChunking, context: ChunkingContext) -> ChunkedSource:
    """Make the instances of both splits, and keep each split's pool for the label questions.

    Raises MemcurateError when a label has one example only, when the chunks cannot hold one example of each
    label, or when a split has too few examples to fill them.
    """
    chunked = ChunkedSource(rejects=list(parsed.rejects))
    kept = _reject_rare_labels(parsed.labelled_examples, params, context, chunked)
    if not kept:
        raise MemcurateError(
            f"sources.{context.source}: no label has chunking.min_examples = {params.min_examples} examples: "
            "lower it"
        )
    by_split = _split_train_test(kept, context)
    labels = [Label(number, name) for number, name in enumerate(sorted({_label(one) for one in kept}))]
    test_count = max(1, round(params.instances * context.split.test_fraction))
    for split, count in zip(DRAWN_SPLITS, (params.instances - test_count, test_count), strict=True):
        pool = by_split[split]
        parts = (
            _partition_examples(pool, count, context, split) if params.disjoint_examples else [pool] * count
        )
        chunked.labelled_examples += pool
        for index, part in enumerate(parts):
            packed_chunks = _fill_instance(part, labels, params, context, split, index)
            chunked.instances.append(
                make_instance_from_packed(
                    context.source, split, part[0].document, index, packed_chunks, labels
                )
            )
    return chunked


def _partition_examples(
    pool: list[Segment], count: int, context: ChunkingContext, split: Split
) -> list[list[Segment]]:
    """Partition the examples among `count` instances; their document becomes `<pool>/<split>/<index>`.

    Raises MemcurateError when an instance would get no example.
    """
    if count > len(pool):
        raise MemcurateError(
            f"sources.{context.source}.chunking: the {split} split has {len(pool)} examples for {count} "
            "instances: lower instances"
        )
    drawn = seeded_random.shuffled(pool, lambda one: one.id, context.seed, context.source, split, "dealt")
    parts = [drawn[first::count] for first in range(count)]
    for index, part in enumerate(parts):
        for example in part:
            example.document = f"{example.document}/{index}"
    return parts


def _label(example: Segment) -> str:
    assert example.label is not None
    return example.label


def _reject_rare_labels(
    examples: list[Segment], params: ExampleChunking, context: ChunkingContext, chunked: ChunkedSource
) -> list[Segment]:
    """Return the examples of labels that have `min_examples` of them; add rejects of the others."""
    by_label: dict[str, list[Segment]] = defaultdict(list)
    for example in examples:
        by_label[_label(example)].append(example)
    for name, rare in sorted(by_label.items()):
        if len(rare) < params.min_examples:
            detail = f"label {name} has {len(rare)}, min_examples is {params.min_examples}"
            chunked.rejects.append(
                reject_segments(context.source, "label too rare", detail, rare[0].document, rare)
            )
    return [example for example in examples if len(by_label[_label(example)]) >= params.min_examples]


def _split_train_test(examples: list[Segment], context: ChunkingContext) -> dict[Split, list[Segment]]:
    """Return the examples of each split, in order; their document becomes `<pool>/<split>`."""
    strata: dict[str, list[Segment]] = defaultdict(list)
    for example in examples:
        strata[example.section or ""].append(example)
    test: set[str] = set()
    for stratum, members in strata.items():
        count = min(len(members) - 1, max(1, round(len(members) * context.split.test_fraction)))
        order = seeded_random.shuffled(
            members, lambda one: one.text, context.seed, members[0].document, stratum, "test"
        )
        test.update(one.id for one in order[:count])
    by_split: dict[Split, list[Segment]] = {"train": [], "test": []}
    for example in examples:
        split: Split = "test" if example.id in test else "train"
        example.document = f"{example.document}/{split}"
        by_split[split].append(example)
    labels = {_label(example) for example in examples}
    for split, pool in by_split.items():
        missing = sorted(labels - {_label(example) for example in pool})
        if missing:
            raise MemcurateError(
                f"sources.{context.source}: the {split} split has no example of {', '.join(missing)}: "
                "a label needs two; raise chunking.min_examples to leave such labels out"
            )
    return by_split


def _fill_instance(
    pool: list[Segment],
    labels: list[Label],
    params: ExampleChunking,
    context: ChunkingContext,
    split: Split,
    index: int,
) -> list[PackedChunk[list[Segment]]]:
    """Return the chunks of one instance: one example of each label, and as many others as fit."""
    names = (context.seed, context.source, split, index)
    drawn = seeded_random.shuffled(pool, lambda one: one.id, *names, "examples")
    first_of_label: dict[str, Segment] = {}
    for example in drawn:
        first_of_label.setdefault(_label(example), example)
    missing = sorted({label.name for label in labels} - first_of_label.keys())
    if missing:
        raise MemcurateError(
            f"sources.{context.source}.chunking: {split} instance {index} got no example of "
            f"{', '.join(missing)}: lower instances"
        )
    needed = list(first_of_label.values())
    needed_ids = {example.id for example in needed}
    others = [example for example in drawn if example.id not in needed_ids]
    template = ExampleTemplate({label.name: label.number for label in labels})
    low_target = params.min_chunk_tokens
    target_of = context.draw_targets(low_target, params.max_tokens, split, index) if low_target else None

    def pack_with_extra(num_extra: int) -> list[PackedChunk[list[Segment]]]:
        shown = seeded_random.shuffled([*needed, *others[:num_extra]], lambda one: one.id, *names, "order")
        units = [[example] for example in shown]
        packed_chunks, oversized = context.pack(units, template, params.max_tokens, target_of)
        if oversized:  # the lines around a sample are the same for all samples
            raise budget_error(params.max_tokens)
        return packed_chunks

    if len(pack_with_extra(0)) > params.chunks:
        raise MemcurateError(
            f"sources.{context.source}.chunking: one example of each of {len(labels)} labels does not fit "
            f"into {params.chunks} chunks of {params.max_tokens} tokens: raise chunks or max_tokens"
        )
    # Binary search for the most other examples that fit. A rendered example has over 6 tokens.
    low, high = 0, min(len(others), params.chunks * params.max_tokens // 6)
    if params.max_shown_fraction is not None:
        high = min(high, max(0, int(params.max_shown_fraction * len(pool)) - len(needed)))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(pack_with_extra(middle)) <= params.chunks else (low, middle - 1)
    packed_chunks = pack_with_extra(low)
    if len(packed_chunks) < params.chunks and params.max_shown_fraction is None:
        raise MemcurateError(
            f"sources.{context.source}.chunking: the {split} split has {len(pool)} examples, which fill "
            f"{len(packed_chunks)} chunks of {params.max_tokens} tokens: lower chunks or max_tokens"
        )
    return packed_chunks
