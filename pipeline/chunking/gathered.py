"""A pool of articles gathered question by question (paper: HotpotQA).

Articles that questions share make components; a component goes to one side and into one instance, so a
question's articles are always together. In order of their first question, components are gathered up to
`instance_tokens`. The articles of an instance are mixed, so that a question's articles seldom share a
chunk (the paper keeps them side by side), and packed like `passages`.
"""

from collections import defaultdict

from pipeline import draws
from pipeline.chunking.context import Chunked, Context
from pipeline.chunking.instances import instance_of, rejected_segments, segments_of, without_room
from pipeline.chunking.packing import pack
from pipeline.chunking.splitting import connected, draw_test
from pipeline.documents import Document, Parsed
from pipeline.params import GatheredChunking
from pipeline.rendering import PassageRendering
from pipeline.schema import SIDES, Segment, Split


def chunk(parsed: Parsed, recipe: GatheredChunking, context: Context) -> Chunked:
    """Instances of both sides of the pool; components are drawn into test by their tokens."""
    components = _components(parsed)
    tokens = {
        name: sum(context.tokens_of(document) for document in component)
        for name, component in components.items()
    }
    test = draw_test(tokens, context.split, context.seed, context.source)
    chunked = Chunked(rejects=list(parsed.rejects))
    for side in SIDES:
        mine = [name for name in components if (name in test) == (side == "test")]
        for ordinal, group in enumerate(_gathered(mine, tokens, recipe.instance_tokens)):
            articles = [document for name in group for document in components[name]]
            _add_instance(chunked, side, ordinal, articles, recipe, context)
    return chunked


def _components(parsed: Parsed) -> dict[str, list[Document]]:
    """Articles by component, named by its first article; in order of the questions."""
    home = {segment.id: document.name for document in parsed.documents for segment in document.segments}
    asked = [[home[segment] for segment in question.evidence] for question in parsed.questions]
    alone = [[document.name] for document in parsed.documents]
    numbers = connected([*asked, *alone])
    by_number: dict[int, list[Document]] = defaultdict(list)
    for document in parsed.documents:
        by_number[numbers[document.name]].append(document)
    return {by_number[number][0].name: by_number[number] for number in sorted(by_number)}


def _gathered(names: list[str], tokens: dict[str, int], wanted: int) -> list[list[str]]:
    """Runs of components that hold about `wanted` tokens: each stops where it comes closest."""
    groups: list[list[str]] = [[]]
    held = 0
    for name in names:
        if groups[-1] and abs(held + tokens[name] - wanted) > abs(held - wanted):
            groups.append([])
            held = 0
        groups[-1].append(name)
        held += tokens[name]
    return groups if groups[-1] else []


def _add_instance(
    chunked: Chunked,
    side: Split,
    ordinal: int,
    articles: list[Document],
    recipe: GatheredChunking,
    context: Context,
) -> None:
    """The gathered articles as an instance, or as a reject where they are too few (a side's last)."""
    names = (context.seed, context.source, side, ordinal, "articles")
    mixed = draws.shuffled(articles, lambda article: article.name, *names)
    units = [unit for document in mixed for unit in document.units]
    drawn = context.targets(recipe.min_target, recipe.max_tokens, side, ordinal)
    for target in (drawn, None):
        unfit: list[Segment] = []
        drafts = list(
            pack(
                units,
                context.tokenizer,
                context.splitter,
                PassageRendering(),
                recipe.max_tokens,
                unfit,
                target=target,
            )
        )
        if len(drafts) <= recipe.max_chunks:
            break  # else the drawn targets were small: fill the chunks
    chunked.rejects += without_room(context.source, recipe.max_tokens, side, unfit, side)
    if not drafts:
        return
    if recipe.min_chunks <= len(drafts) <= recipe.max_chunks:
        chunked.instances.append(instance_of(context.source, side, side, ordinal, drafts))
        return
    detail = f"{len(drafts)} chunks; an instance has {recipe.min_chunks} to {recipe.max_chunks}"
    reason = "too few chunks left" if len(drafts) < recipe.min_chunks else "too many chunks"
    chunked.rejects.append(rejected_segments(context.source, reason, detail, side, segments_of(drafts), side))
