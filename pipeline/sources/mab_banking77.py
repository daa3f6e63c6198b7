"""BANKING77, 77 labels, as numbers; an evaluation set of MemoryAgentBench."""

from pathlib import Path

from pipeline.sources.formats import memory_agent_bench as bench
from pipeline.sources.parsed import ParsedSource


def parse(raw_dir: Path, source: str) -> ParsedSource:
    """Parse the contexts of `icl_banking77` as labelled samples, with `formats/memory_agent_bench.py`."""
    return bench.parse(
        raw_dir,
        source,
        "Test_Time_Learning",
        "icl_banking77",
        "exact",
        bench.delimited_parser(bench.SAMPLE_DELIMITER),
    )
