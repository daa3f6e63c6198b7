"""SQuAD 1.1, train split (as in the paper), in its original JSON file.

Deviation: the paper drops instances with under 50 questions before its filters; here only the bound after the
filters, `checks.min_questions`, applies.
"""

from pathlib import Path

from pipeline.sources.formats import squad
from pipeline.sources.parsed import ParsedSource


def parse(raw_dir: Path, source: str) -> ParsedSource:
    """Parse `train-v1.1.json` with `formats/squad.py`."""
    return squad.parse(raw_dir, source, "train-v1.1.json")
