"""What became of a raw record: where its segments stand, what is asked of them, what was rejected and why."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import shorten

from pipeline.lineage.places import Place, written
from pipeline.schema import Instance, Reject
from pipeline.storage import read_rows, split_files

_WIDTH = 110


def trace(source: str, place: Place, dataset: Path, rejects: Iterable[Path]) -> Iterator[str]:
    """A line for every chunk, question and reject of a source that came of a place in its raw files."""
    for path in split_files(dataset).values():
        for instance in read_rows(path, Instance):
            if instance.source == source:
                yield from _kept(instance, place)
    for path in rejects:
        for reject in read_rows(path, Reject):
            if reject.source == source and _touches(reject, place):
                detail = f" ({_short(reject.detail)})" if reject.detail else ""
                yield f"{reject.kind} {reject.id}: rejected by {reject.stage}: {reject.reason}{detail}"


def _kept(instance: Instance, place: Place) -> Iterator[str]:
    given = set()
    for chunk in instance.chunks:
        own = [segment for segment in chunk.segments if place.holds(segment.raw)]
        given |= {segment.id for segment in own}
        if own:
            spans = f"{written(own[0].raw)}" + (f" and {len(own) - 1} more" if len(own) > 1 else "")
            where = f"number {chunk.ordinal} of {instance.split} instance {instance.id}"
            yield f"chunk {chunk.id}: {where}, {spans}"
    for question in instance.questions:
        asked = question.raw is not None and place.holds(question.raw)
        if asked or given.intersection(question.evidence):
            how = "was read there" if asked else "has its evidence there"
            yield f"question {question.id}: kept, {how}: {_short(question.text)}"


def _touches(reject: Reject, place: Place) -> bool:
    spans = [reject.raw, *(segment.raw for segment in reject.segments)]
    if reject.question is not None:
        spans.append(reject.question.raw)
    return any(span is not None and place.holds(span) for span in spans)


def _short(text: str) -> str:
    return shorten(text, _WIDTH, placeholder=" …")
