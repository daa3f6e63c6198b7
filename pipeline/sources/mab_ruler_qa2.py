"""RULER-QA2: questions about two of many documents; an evaluation set of MemoryAgentBench."""

from pathlib import Path

from pipeline.sources.formats import memory_agent_bench as bench
from pipeline.sources.parsed import ParsedSource


def parse(raw_dir: Path, source: str) -> ParsedSource:
    """Parse the contexts of `ruler_qa2` as documents, with `formats/memory_agent_bench.py`."""
    return bench.parse(
        raw_dir,
        source,
        "Accurate_Retrieval",
        "ruler_qa2",
        "contains",
        bench.delimited_parser(bench.DOCUMENT_DELIMITER),
    )
