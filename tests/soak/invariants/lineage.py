"""Spans of segments, examples and questions lead to the same characters of the raw files."""

from collections.abc import Iterator

from pipeline.core.schema import Span
from tests.soak.invariants.build import Build, Row, iter_segments, segment_text


def find_bad_spans(build: Build) -> Iterator[str]:
    """Yield the segments and questions whose raw characters are others."""
    for folder, instance in build.instances():
        source = instance["source"]
        for chunk, segment in iter_segments(instance):
            text = segment_text(chunk, segment)
            yield from _compare(build, source, f"{folder}: segment {segment['id']}", segment, text)
        for question in instance["questions"]:
            yield from _check_question(build, source, f"{folder}: question {question['id']}", question)
    for source in build.sources:
        folder = f"chunks/{source}"
        rejected = [one for reject in build.rows(folder, "rejects") for one in reject["segments"]]
        for segment in [*rejected, *build.rows(folder, "labelled_examples")]:
            yield from _compare(build, source, f"{folder}: segment {segment['id']}", segment, segment["text"])


def _compare(build: Build, source: str, where: str, row: Row, text: str) -> Iterator[str]:
    found = build.raw(source).at(Span(**row["source_span"]))
    if found != text:
        yield f"{where} says {text[:60]!r}, its span has {found[:60]!r}"


def _check_question(build: Build, source: str, where: str, question: Row) -> Iterator[str]:
    """Check that the span holds the question, its example, or the sentence that a cloze fills."""
    if question["source_span"] is None:
        if question["origin"] != "summary":
            yield f"{where} has no span"
        return
    found = " ".join(build.raw(source).at(Span(**question["source_span"])).split())
    if question["origin"] == "cloze":
        expected = question["text"].rpartition("\n")[2].replace("____", question["answers"][0])
        if " ".join(expected.split()) not in found:
            yield f"{where} says {expected[:80]!r}, its span has {found[:80]!r}"
    elif found not in " ".join(question["text"].split()):
        yield f"{where} says {question['text'][:80]!r}, its span has {found[:80]!r}"
