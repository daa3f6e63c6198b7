"""A person's events, in the source's order, into instances: a chunk is one event (paper: PerLTQA).

An event is a section that nobody says, with the sections after it up to the next: its dialogues. An event
over the budget makes several chunks. Deviation: a person with more events than an instance holds makes
several instances, where the paper leaves the later events out.
"""

from collections.abc import Iterator
from dataclasses import replace

from pipeline.chunking.context import Chunked, Context
from pipeline.chunking.instances import runs_of, without_room
from pipeline.chunking.packing import Draft, pack
from pipeline.chunking.splitting import divided
from pipeline.documents import Document, Parsed
from pipeline.params import EventChunking
from pipeline.rendering import ConversationRendering, day
from pipeline.schema import Instance, Reject, Segment


def chunk(parsed: Parsed, recipe: EventChunking, context: Context) -> Chunked:
    """Instances of all documents; whole documents are drawn into test, by their number of instances."""
    results = (_chunk_document(document, recipe, context) for document in parsed.documents)
    return divided(parsed.documents, results, parsed.rejects, context)


def _chunk_document(
    document: Document, recipe: EventChunking, context: Context
) -> tuple[list[Instance], list[Reject]]:
    drafts: list[Draft[list[Segment]]] = []
    unfit: list[Segment] = []
    rendering = ConversationRendering()
    for event in _events(document):
        packed = pack(event, context.tokenizer, context.splitter, rendering, recipe.max_tokens, unfit)
        drafts += (_dated(draft, len(drafts) + number) for number, draft in enumerate(packed))
    rejects = without_room(context.source, recipe.max_tokens, document.name, unfit)
    if rejects and not drafts:
        return [], rejects
    instances, short = runs_of(document.name, drafts, recipe.min_chunks, recipe.max_chunks, context.source)
    return instances, rejects + short


def _events(document: Document) -> Iterator[list[list[Segment]]]:
    """The units of each event."""
    event: list[list[Segment]] = []
    for section in document.sections:
        if event and not section.units[0][0].speaker:
            yield event
            event = []
        event += section.units
    if event:
        yield event


def _dated(draft: Draft[list[Segment]], number: int) -> Draft[list[Segment]]:
    """A chunk whose event has no date gets a day of its own, as passages do."""
    return draft if draft.units[0][0][0].time else replace(draft, time=day(number))
