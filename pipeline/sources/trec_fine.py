"""TREC question classification, 50 fine labels."""

from pathlib import Path

from pipeline.documents import Parsed
from pipeline.sources.formats import trec


def parse(raw: Path, source: str) -> Parsed:
    """See formats/trec.py."""
    return trec.parse(raw, source, "fine")
