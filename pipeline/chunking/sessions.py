"""The dated sessions of several questions, in order of time (paper: LongMemEval-train).

A document is one question's sessions. Documents with a session of the same content are on one side and
never in one instance. An instance takes the next question that may join it, up to `max_questions`.
"""

from collections.abc import Iterator

from pipeline import draws
from pipeline.chunking.context import Chunked, Context
from pipeline.chunking.instances import instance_of, rejected_segments, without_room
from pipeline.chunking.packing import pack
from pipeline.chunking.splitting import connected, draw_test
from pipeline.documents import Document, Parsed, Section
from pipeline.params import SessionChunking
from pipeline.rendering import ConversationRendering
from pipeline.schema import SIDES, Segment


def chunk(parsed: Parsed, recipe: SessionChunking, context: Context) -> Chunked:
    """Instances of both sides; documents are drawn into test with those that share a session."""
    documents = {document.name: document for document in parsed.documents}
    component = _components(parsed.documents)
    tokens = {name: context.tokens_of(document) for name, document in documents.items()}
    weights: dict[str, int] = {}
    for number in component.values():
        weights[str(number)] = weights.get(str(number), 0) + 1
    test = draw_test(weights, context.split, context.seed, context.source)
    chunked = Chunked(rejects=list(parsed.rejects))
    for side in SIDES:
        mine = [name for name in documents if (str(component[name]) in test) == (side == "test")]
        queue = draws.shuffled(mine, str, context.seed, context.source, side, "order")
        groups, left = _grouped(queue, component, tokens, recipe)
        for ordinal, names in enumerate(groups):
            group = [documents[name] for name in names]
            unfit: list[Segment] = []
            drafts = list(
                pack(
                    _by_time(group),
                    context.tokenizer,
                    context.splitter,
                    ConversationRendering(),
                    recipe.max_tokens,
                    unfit,
                )
            )
            if drafts:
                chunked.instances.append(instance_of(context.source, side, side, ordinal, drafts))
            chunked.rejects += without_room(context.source, recipe.max_tokens, side, unfit, side)
        for name in left:
            detail = f"{tokens[name]} tokens: what was left makes no instance with it"
            chunked.rejects.append(
                rejected_segments(
                    context.source, "no instance to join", detail, name, documents[name].segments, side
                )
            )
    return chunked


def _components(documents: list[Document]) -> dict[str, int]:
    """Number documents so that those which share a session's content have one number."""
    holders: dict[tuple[str, ...], list[str]] = {}
    for document in documents:
        for section in document.sections:
            content = tuple(segment.text for unit in section.units for segment in unit)
            holders.setdefault(content, []).append(document.name)
    return connected([*holders.values(), *([document.name] for document in documents)])


def _grouped(
    queue: list[str], component: dict[str, int], tokens: dict[str, int], recipe: SessionChunking
) -> tuple[list[list[str]], list[str]]:
    """(groups of documents that make an instance, those that found none)."""
    groups: list[list[str]] = []
    left: list[str] = []
    while queue:
        group: list[str] = []
        held = 0
        for name in queue:
            taken = {component[other] for other in group}
            fits = held + tokens[name] <= recipe.max_instance_tokens
            if len(group) < recipe.max_questions and fits and component[name] not in taken:
                group.append(name)
                held += tokens[name]
        if len(group) >= recipe.min_questions and held >= recipe.min_instance_tokens:
            groups.append(group)
            queue = [name for name in queue if name not in group]
        else:  # the first of the queue cannot be grouped; the others may without it
            left.append(queue[0])
            queue = queue[1:]
    return groups, left


def _by_time(documents: list[Document]) -> list[list[Segment]]:
    """The units of all sessions, the sessions in order of time."""
    dated = [pair for document in documents for pair in _dated(document)]
    return [unit for _, section in sorted(dated, key=lambda pair: pair[0]) for unit in section.units]


def _dated(document: Document) -> Iterator[tuple[str, Section]]:
    """The sessions with their times; one without a time has that of the one before, and stays there."""
    times = [_time(section) for section in document.sections]
    time = next(filter(None, times), "")
    for own, section in zip(times, document.sections, strict=True):
        time = own or time
        yield time, section


def _time(section: Section) -> str:
    return next((segment.time for unit in section.units for segment in unit if segment.time), "")
