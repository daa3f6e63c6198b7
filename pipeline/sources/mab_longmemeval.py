"""LongMemEval (S*): questions about many dated sessions; an evaluation set of MemoryAgentBench."""

from pathlib import Path

from pipeline.documents import Parsed
from pipeline.sources.formats import memory_agent_bench as bench


def parse(raw: Path, source: str) -> Parsed:
    """See formats/memory_agent_bench.py."""
    return bench.parse(raw, source, "Accurate_Retrieval", "longmemeval_s", "judge", bench.sessions)
