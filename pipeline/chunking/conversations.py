"""One person's chats, in order of time, into instances of the chunks that they fill."""

from pipeline.chunking.context import Chunked, Context
from pipeline.chunking.instances import evenly, instance_of, rejected_segments, segments_of
from pipeline.chunking.packing import pack
from pipeline.chunking.splitting import draw_test
from pipeline.documents import Parsed
from pipeline.params import ConversationChunking
from pipeline.rendering import ConversationRendering
from pipeline.schema import Instance


def chunk(parsed: Parsed, recipe: ConversationChunking, context: Context) -> Chunked:
    """Instances of all documents; whole documents are drawn into test, by their number of instances."""
    chunked = Chunked(rejects=list(parsed.rejects))
    by_document: dict[str, list[Instance]] = {}
    for document in parsed.documents:
        units = [unit for section in document.sections for unit in section.units]
        drafts = list(
            pack(units, context.tokenizer, context.splitter, ConversationRendering(), recipe.max_tokens)
        )
        if len(drafts) < recipe.min_chunks:
            detail = f"{len(drafts)} chunks, min_chunks is {recipe.min_chunks}"
            chunked.rejects.append(
                rejected_segments(
                    context.source, "document too short", detail, document.name, segments_of(drafts)
                )
            )
            continue
        by_document[document.name] = [
            instance_of(context.source, "train", document.name, ordinal, run)
            for ordinal, run in enumerate(evenly(drafts, recipe.max_chunks))
        ]
    weights = {name: len(instances) for name, instances in by_document.items()}
    test = draw_test(weights, context.split, context.seed, context.source)
    for name, instances in by_document.items():
        for instance in instances:
            instance.split = "test" if name in test else "train"
        chunked.instances += instances
    return chunked
