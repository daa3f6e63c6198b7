"""Chunks within their budgets and bounds."""

from collections.abc import Iterator

from pipeline.text.tokens import Tokenizer
from tests.soak.invariants.build import Build, Row, iter_segments


def find_bad_budgets(build: Build) -> Iterator[str]:
    """Yield chunks over their budget, counted on the text as rendered, and wrong sums of tokens."""
    tokenizer = Tokenizer(build.params.tokenizer, build.project / "data" / "assets")
    for folder, instance in build.instances():
        budget = build.params.sources[instance["source"]].chunking.max_tokens
        for chunk in instance["chunks"]:
            tokens = tokenizer.count(chunk["text"])
            if not chunk["tokens"] == tokens <= budget:
                told = f"says {chunk['tokens']}, may have {budget}"
                yield f"{folder}: chunk {chunk['id']} has {tokens} tokens, {told}"
        if instance["tokens"] != sum(chunk["tokens"] for chunk in instance["chunks"]):
            yield f"{folder}: tokens of instance {instance['id']} are not those of its chunks"


def find_bad_chunk_counts(build: Build) -> Iterator[str]:
    """Yield instances with too many or too few chunks, and chunks or segments out of order."""
    for source in build.sources:
        reasons = {one["reason"] for one in build.rows(f"chunks/{source}", "rejects")}
        joins = getattr(build.params.sources[source].chunking, "join_documents", False)
        if joins and "document too short" in reasons:
            yield f"{source}: documents are rejected as too short, but they are to be joined"
    for folder, instance in build.instances():
        where = f"{folder}: instance {instance['id']}"
        yield from _check_bounds(build, instance, where)
        if [chunk["index"] for chunk in instance["chunks"]] != list(range(len(instance["chunks"]))):
            yield f"{where}: indices of chunks"
        for chunk in instance["chunks"]:
            spans = [(segment["start"], segment["end"]) for segment in chunk["segments"]]
            ends = [0, *(end for _, end in spans)]
            inside = all(start < end <= len(chunk["text"]) for start, end in spans)
            if (
                not spans
                or not inside
                or any(start < end for (start, _), end in zip(spans, ends, strict=False))
            ):
                yield f"{where}: segments of chunk {chunk['id']} overlap or stand outside: {spans[:5]}"
        ids = [segment["id"] for _, segment in iter_segments(instance)]
        if len(set(ids)) != len(ids):
            yield f"{where} holds a segment twice"


def _check_bounds(build: Build, instance: Row, where: str) -> Iterator[str]:
    chunking, count = build.params.sources[instance["source"]].chunking, len(instance["chunks"])
    most = getattr(chunking, "max_chunks", None) or getattr(chunking, "chunks", None)
    least = 1 if getattr(chunking, "join_documents", False) else getattr(chunking, "min_chunks", 1)
    if not least <= count <= (most or count):
        yield f"{where} has {count} chunks, may have {least} to {most}"
