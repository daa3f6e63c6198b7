"""LongMemEval, the oracle set: 500 questions of six types with the sessions that answer them."""

from pathlib import Path

from pipeline.sources.formats import longmemeval
from pipeline.sources.parsed import ParsedSource


def parse(raw_dir: Path, source: str) -> ParsedSource:
    """Parse `longmemeval_oracle.json` with `formats/longmemeval.py`."""
    return longmemeval.parse(raw_dir, source, "longmemeval_oracle.json")
