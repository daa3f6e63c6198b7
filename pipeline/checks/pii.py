"""Findings of PII and secrets in instances. They are reported; nothing is dropped.

Sources with `pii: mask` or `pii: reject` have none left: `pipeline/sources` treats them as they are read.
"""

from pipeline.core.ids import short_id
from pipeline.core.schema import Instance, PiiFinding, Span, segment_text
from pipeline.text.pii import find_pii_spans, may_hold_pii


def find_pii(instance: Instance, language: str = "en") -> list[PiiFinding]:
    """Find PII and secrets in the segments of an instance, in reading order; templates are not searched.

    `language`: of the texts, by ISO 639.
    """
    findings = []
    for chunk in instance.chunks:
        if not may_hold_pii(chunk.text):
            continue
        for segment in chunk.segments:
            text = segment_text(chunk, segment)
            for kind, (start, end) in find_pii_spans(text, language):
                first = segment.source_span.start + start
                findings.append(
                    PiiFinding(
                        id=short_id(instance.source, segment.id, kind, start),
                        source=instance.source,
                        split=instance.split,
                        instance=instance.id,
                        segment=segment.id,
                        kind=kind,
                        source_span=Span(
                            segment.source_span.file, segment.source_span.record, first, first + end - start
                        ),
                        masked=_mask(text[start:end]),
                    )
                )
    return findings


def _mask(text: str) -> str:
    return text[:2] + "*" * (len(text) - 4) + text[-2:]
