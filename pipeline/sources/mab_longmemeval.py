"""LongMemEval (S*): questions about many dated sessions; an evaluation set of MemoryAgentBench."""

from pathlib import Path

from pipeline.sources.formats import memory_agent_bench as bench
from pipeline.sources.parsed import ParsedSource


def parse(raw_dir: Path, source: str) -> ParsedSource:
    """Parse the contexts of `longmemeval_s` as sessions, with `formats/memory_agent_bench.py`."""
    return bench.parse(raw_dir, source, "Accurate_Retrieval", "longmemeval_s", "judge", bench.parse_sessions)
