"""HotpotQA, development split, distractor setting: a public benchmark, for development and evaluation."""

from pathlib import Path

from pipeline.sources.formats import hotpotqa
from pipeline.sources.parsed import ParsedSource


def parse(raw_dir: Path, source: str) -> ParsedSource:
    """Parse `hotpotqa.json` with `formats/hotpotqa.py`."""
    return hotpotqa.parse(raw_dir, source, "hotpotqa.json")
