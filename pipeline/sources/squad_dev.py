"""SQuAD 2.0, the development split: a public benchmark's, so for building and held-out evaluation."""

from pathlib import Path

from pipeline.documents import Parsed
from pipeline.sources.formats import squad


def parse(raw: Path, source: str) -> Parsed:
    """See formats/squad.py."""
    return squad.parse(raw, source, "squad.json")
