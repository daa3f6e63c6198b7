"""TREC, 6 coarse labels, as numbers; an evaluation set of MemoryAgentBench."""

from pathlib import Path

from pipeline.sources.formats import memory_agent_bench as bench
from pipeline.sources.parsed import ParsedSource


def parse(raw_dir: Path, source: str) -> ParsedSource:
    """Parse the contexts of `icl_trec_coarse` as labelled samples, with `formats/memory_agent_bench.py`."""
    return bench.parse(
        raw_dir,
        source,
        "Test_Time_Learning",
        "icl_trec_coarse",
        "exact",
        bench.delimited_parser(bench.SAMPLE_DELIMITER),
    )
