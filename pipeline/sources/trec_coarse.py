"""TREC question classification, 6 coarse labels."""

from pathlib import Path

from pipeline.sources.formats import trec
from pipeline.sources.parsed import ParsedSource


def parse(raw_dir: Path, source: str) -> ParsedSource:
    """Parse the questions with their coarse labels, with `formats/trec.py`."""
    return trec.parse(raw_dir, source, "coarse")
