"""HotpotQA, the train split (the paper's), as the dataset hub has it: Parquet files of the config `fullwiki`.

Deviation: a question's evidence is its supporting sentences, where the paper takes the whole chunks of its
articles.
"""

from pathlib import Path

from pipeline.documents import Parsed
from pipeline.sources.formats import hotpotqa
from pipeline.sources.reading import raw_files


def parse(raw: Path, source: str) -> Parsed:
    """All `*.parquet`, by name; see formats/hotpotqa.py. Raises MemcurateError when there is none."""
    return hotpotqa.parse(raw, source, *(path.name for path in raw_files(raw, "*.parquet")))
