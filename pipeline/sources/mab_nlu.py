"""NLU (HWU64), 64 labels, as numbers; an evaluation set of MemoryAgentBench."""

from pathlib import Path

from pipeline.documents import Parsed
from pipeline.sources.formats import memory_agent_bench as bench


def parse(raw: Path, source: str) -> Parsed:
    """See formats/memory_agent_bench.py."""
    return bench.parse(raw, source, "Test_Time_Learning", "icl_nlu", "exact", bench.pieces(bench.SAMPLES))
