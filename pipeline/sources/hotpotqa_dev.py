"""HotpotQA, the development split, distractor setting: a public benchmark's, for building and evaluation."""

from pathlib import Path

from pipeline.documents import Parsed
from pipeline.sources.formats import hotpotqa


def parse(raw: Path, source: str) -> Parsed:
    """See formats/hotpotqa.py."""
    return hotpotqa.parse(raw, source, "hotpotqa.json")
