"""LongMemEval, the oracle set: 500 questions of six types with the sessions that answer them."""

from pathlib import Path

from pipeline.documents import Parsed
from pipeline.sources.formats import longmemeval


def parse(raw: Path, source: str) -> Parsed:
    """See formats/longmemeval.py."""
    return longmemeval.parse(raw, source, "longmemeval_oracle.json")
