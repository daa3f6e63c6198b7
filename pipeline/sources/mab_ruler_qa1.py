"""RULER-QA1: questions about one of many documents; an evaluation set of MemoryAgentBench."""

from pathlib import Path

from pipeline.documents import Parsed
from pipeline.sources.formats import memory_agent_bench as bench


def parse(raw: Path, source: str) -> Parsed:
    """See formats/memory_agent_bench.py."""
    return bench.parse(
        raw, source, "Accurate_Retrieval", "ruler_qa1", "contains", bench.pieces(bench.DOCUMENTS)
    )
