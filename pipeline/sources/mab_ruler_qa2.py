"""RULER-QA2: questions about two of many documents; an evaluation set of MemoryAgentBench."""

from pathlib import Path

from pipeline.documents import Parsed
from pipeline.sources.formats import memory_agent_bench as bench


def parse(raw: Path, source: str) -> Parsed:
    """See formats/memory_agent_bench.py."""
    return bench.parse(
        raw, source, "Accurate_Retrieval", "ruler_qa2", "contains", bench.pieces(bench.DOCUMENTS)
    )
