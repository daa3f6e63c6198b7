"""Chunk a person's events, in the source's order, into instances: a chunk is one event (paper: PerLTQA).

An event is a section without a speaker, with the sections after it up to the next event: its dialogues. An
event over the budget makes several chunks. Deviation: a person with more events than an instance holds makes
several instances, where the paper leaves the later events out.
"""

from collections.abc import Iterator
from dataclasses import replace

from pipeline.chunking.chunk_templates import ConversationTemplate
from pipeline.chunking.instances import reject_oversized, split_into_instances
from pipeline.chunking.packing import PackedChunk
from pipeline.chunking.types import ChunkingContext
from pipeline.core.dates import synthetic_time
from pipeline.core.params import EventChunking
from pipeline.core.schema import Instance, Reject, Segment
from pipeline.sources.parsed import Document


def chunk_document(
    document: Document, params: EventChunking, context: ChunkingContext
) -> tuple[list[Instance], list[Reject]]:
    """Return (the instances of a person, their split not yet drawn; rejects of the other segments)."""
    packed_chunks: list[PackedChunk[list[Segment]]] = []
    oversized: list[Segment] = []
    template = ConversationTemplate()
    for event in _group_events(document):
        packed, event_oversized = context.pack(event, template, params.max_tokens)
        oversized += event_oversized
        packed_chunks += (
            _assign_day(packed_chunk, len(packed_chunks) + number)
            for number, packed_chunk in enumerate(packed)
        )
    rejects = reject_oversized(context.source, params.max_tokens, document.name, oversized)
    return split_into_instances(
        context.source, document.name, packed_chunks, params.min_chunks, params.max_chunks, rejects
    )


def _group_events(document: Document) -> Iterator[list[list[Segment]]]:
    """Yield the units of each event."""
    event: list[list[Segment]] = []
    for section in document.sections:
        if event and not section.units[0][0].speaker:
            yield event
            event = []
        event += section.units
    if event:
        yield event


def _assign_day(packed_chunk: PackedChunk[list[Segment]], number: int) -> PackedChunk[list[Segment]]:
    """Give a chunk whose event has no date a day of its own, as passages have."""
    return (
        packed_chunk
        if packed_chunk.units[0][0][0].time
        else replace(packed_chunk, time=synthetic_time(number))
    )
