"""Chunk the dated sessions of several questions, in order of time (paper: LongMemEval-train).

A document is one question's sessions. Documents with a session of the same content are in one split and
never in one instance. An instance takes the next question that may join it, up to `max_questions`.
"""

from collections.abc import Iterator

from pipeline.chunking.chunk_templates import ConversationTemplate
from pipeline.chunking.instances import make_instance_from_packed, reject_oversized, reject_segments
from pipeline.chunking.train_test_split import connected_components, draw_test_documents
from pipeline.chunking.types import ChunkedSource, ChunkingContext
from pipeline.core import seeded_random
from pipeline.core.params import SessionChunking
from pipeline.core.schema import DRAWN_SPLITS, Segment
from pipeline.sources.parsed import Document, ParsedSource, Section


def chunk(parsed: ParsedSource, params: SessionChunking, context: ChunkingContext) -> ChunkedSource:
    """Make the instances of both splits; documents that share a session are drawn into test together."""
    documents = {document.name: document for document in parsed.documents}
    component_of = _number_components(parsed.documents)
    tokens = {name: context.count_tokens(document) for name, document in documents.items()}
    weights: dict[str, int] = {}
    for number in component_of.values():
        weights[str(number)] = weights.get(str(number), 0) + 1
    test = draw_test_documents(weights, context.split, context.seed, context.source)
    chunked = ChunkedSource(rejects=list(parsed.rejects))
    for split in DRAWN_SPLITS:
        names = [name for name in documents if (str(component_of[name]) in test) == (split == "test")]
        queue = seeded_random.shuffled(names, str, context.seed, context.source, split, "order")
        groups, ungrouped = _group_documents(queue, component_of, tokens, params)
        for index, group in enumerate(groups):
            units = _sort_by_time([documents[name] for name in group])
            packed_chunks, oversized = context.pack(units, ConversationTemplate(), params.max_tokens)
            if packed_chunks:
                chunked.instances.append(
                    make_instance_from_packed(context.source, split, split, index, packed_chunks)
                )
            chunked.rejects += reject_oversized(context.source, params.max_tokens, split, oversized, split)
        for name in ungrouped:
            detail = f"{tokens[name]} tokens: what was left makes no instance with it"
            chunked.rejects.append(
                reject_segments(
                    context.source, "no instance to join", detail, name, documents[name].segments, split
                )
            )
    return chunked


def _number_components(documents: list[Document]) -> dict[str, int]:
    """Assign a number to each document: documents with a session of the same content have the same."""
    holders: dict[tuple[str, ...], list[str]] = {}
    for document in documents:
        for section in document.sections:
            content = tuple(segment.text for unit in section.units for segment in unit)
            holders.setdefault(content, []).append(document.name)
    return connected_components([*holders.values(), *([document.name] for document in documents)])


def _group_documents(
    queue: list[str], component: dict[str, int], tokens: dict[str, int], params: SessionChunking
) -> tuple[list[list[str]], list[str]]:
    """Return (groups of documents that make an instance each, documents that no group could take)."""
    groups: list[list[str]] = []
    ungrouped: list[str] = []
    while queue:
        group: list[str] = []
        group_tokens = 0
        for name in queue:
            taken = {component[other] for other in group}
            fits = group_tokens + tokens[name] <= params.max_instance_tokens
            if len(group) < params.max_questions and fits and component[name] not in taken:
                group.append(name)
                group_tokens += tokens[name]
        if len(group) >= params.min_questions and group_tokens >= params.min_instance_tokens:
            groups.append(group)
            queue = [name for name in queue if name not in group]
        else:  # without the first of the queue the others may make a group
            ungrouped.append(queue[0])
            queue = queue[1:]
    return groups, ungrouped


def _sort_by_time(documents: list[Document]) -> list[list[Segment]]:
    """Return the units of all sessions, the sessions in order of time."""
    dated = [pair for document in documents for pair in _date_sessions(document)]
    return [unit for _, section in sorted(dated, key=lambda pair: pair[0]) for unit in section.units]


def _date_sessions(document: Document) -> Iterator[tuple[str, Section]]:
    """Yield (time, session); a session without a time has that of the session before it."""
    times = [_session_time(section) for section in document.sections]
    time = next(filter(None, times), "")
    for session_time, section in zip(times, document.sections, strict=True):
        time = session_time or time
        yield time, section


def _session_time(section: Section) -> str:
    return next((segment.time for unit in section.units for segment in unit if segment.time), "")
