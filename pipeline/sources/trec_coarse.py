"""TREC question classification, 6 coarse labels."""

from pathlib import Path

from pipeline.documents import Parsed
from pipeline.sources.formats import trec


def parse(raw: Path, source: str) -> Parsed:
    """See formats/trec.py."""
    return trec.parse(raw, source, "coarse")
