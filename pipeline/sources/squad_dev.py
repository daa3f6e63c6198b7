"""SQuAD 2.0, development split: a public benchmark, so only for development and evaluation."""

from pathlib import Path

from pipeline.sources.formats import squad
from pipeline.sources.parsed import ParsedSource


def parse(raw_dir: Path, source: str) -> ParsedSource:
    """Parse `squad.json` with `formats/squad.py`."""
    return squad.parse(raw_dir, source, "squad.json")
