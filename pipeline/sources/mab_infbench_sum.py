"""InfBench-Sum: novels to be summarised; an evaluation set of MemoryAgentBench."""

from pathlib import Path

from pipeline.sources.formats import memory_agent_bench as bench
from pipeline.sources.parsed import ParsedSource


def parse(raw_dir: Path, source: str) -> ParsedSource:
    """Parse the contexts of `infbench_sum` as books, with `formats/memory_agent_bench.py`."""
    return bench.parse(raw_dir, source, "Long_Range_Understanding", "infbench_sum", "keywords", None)
