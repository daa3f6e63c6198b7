"""HotpotQA, train split (as in the paper), from the dataset hub: Parquet files of the config `fullwiki`.

Deviation: a question's evidence is its supporting sentences; the paper takes the whole chunks of their
articles.
"""

from pathlib import Path

from pipeline.sources.formats import hotpotqa
from pipeline.sources.io import find_raw_files
from pipeline.sources.parsed import ParsedSource


def parse(raw_dir: Path, source: str) -> ParsedSource:
    """Parse all `*.parquet`, sorted by name, with `formats/hotpotqa.py`.

    Raises MemcurateError when no such file is there, or one is damaged.
    """
    return hotpotqa.parse(raw_dir, source, *(path.name for path in find_raw_files(raw_dir, "*.parquet")))
