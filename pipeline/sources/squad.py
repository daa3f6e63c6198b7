"""SQuAD 1.1, the train split (the paper's), in its original JSON file.

The paper's instances with under 50 questions before its filters are not dropped here: the bound after the
filters, `checks.min_questions`, is the one that tells.
"""

from pathlib import Path

from pipeline.documents import Parsed
from pipeline.sources.formats import squad


def parse(raw: Path, source: str) -> Parsed:
    """See formats/squad.py."""
    return squad.parse(raw, source, "train-v1.1.json")
