"""The name under which a segment is shown and asked about."""

from pipeline.core.schema import SegmentMetadata
from pipeline.text.normalize import normalize_text


def document_and_section(segment: SegmentMetadata) -> str:
    """Name the document and section of a segment; once where both have the same name."""
    if not segment.section or normalize_text(segment.section) == normalize_text(segment.document):
        return segment.document
    return f"{segment.document}, {segment.section}"
