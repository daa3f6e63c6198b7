"""Documents, questions and labelled examples for the tests of chunking."""

from itertools import count

from pipeline.core.ids import SegmentIds
from pipeline.core.schema import Question, Segment, Span
from pipeline.sources.parsed import Document, Section


def make_document(name: str, units: list[list[str]], *, speakers: bool = False) -> Document:
    ids = SegmentIds("made", name)
    numbers = count()
    sections: list[Section] = []
    for index, unit in enumerate(units):
        segments = [
            Segment(
                id=ids.next(text),
                source_span=Span("raw.json", f"/{name}/{next(numbers)}", 0, len(text)),
                document=name,
                section=f"{name}-{index // 3}",
                speaker=f"P{index % 2}" if speakers else None,
                time=f"2020-01-{index // 3 % 28 + 1:02d} 10:00" if speakers else None,
                label=None,
                text=text,
            )
            for text in unit
        ]
        sections.append(Section(f"{name}-{index // 3}", [segments]))
    return Document(name, sections)


def make_source_question(number: int, evidence: list[str]) -> Question:
    return Question(
        id=f"made/{number}",
        text="?",
        answers=["a"],
        metric="contains",
        origin="source",
        kind=None,
        time=None,
        evidence=evidence,
        evidence_chunks=[],
        source_span=None,
    )


def make_examples(labels: dict[str, list[str]]) -> list[Segment]:
    ids = SegmentIds("made", "pool")
    return [
        Segment(ids.next(text), Span("f", "", 0, len(text)), "pool", label, None, None, label, text)
        for label, texts in labels.items()
        for text in texts
    ]
