"""Instances with given segments, for tests of the selection."""

from pipeline.core.schema import Chunk, Instance, SegmentSpan, Span, Split

THIRTEEN = " ".join(f"word{number}" for number in range(13))


def make_segmented_instance(
    name: str, split: Split, *segments: tuple[str, str], source: str = "made", document: str | None = None
) -> Instance:
    """Make an instance of one chunk with these (id, text) segments."""
    text, spans = "", []
    for segment_id, segment_text in segments:
        start = len(text)
        text += segment_text
        spans.append(
            SegmentSpan(segment_id, Span("f", "", 0, 0), name, None, None, None, None, start, len(text))
        )
        text += "\n"
    chunk = Chunk(f"{name}/chunk", 0, text, 1, "2020-01-01 00:00", spans)
    return Instance(name, source, split, document or name, 0, 1, [chunk], [], [])


def make_instances(documents: dict[str, int], source: str = "made", split: Split = "train") -> list[Instance]:
    """Make the given number of instances of each document, none of which share text."""
    return [
        make_segmented_instance(
            name, split, (name, f"{name.replace('/', '_')} sleeps"), source=source, document=document
        )
        for document, count in documents.items()
        for number in range(count)
        for name in [f"{source}/{document}/{number}"]
    ]
