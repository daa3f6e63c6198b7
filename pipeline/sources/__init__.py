"""One adapter per source: `parse(raw, source)` turns raw files into documents, or examples, and questions.

The module's name is the source's name in params.yaml. Formats that several sources share are in `formats`.
"""

from importlib import import_module
from pathlib import Path

from pipeline.documents import Parsed
from pipeline.errors import MemcurateError


def parse(source: str, raw: Path) -> Parsed:
    """Parse the raw files of a source.

    Raises MemcurateError when there is no adapter of that name, or as the adapter does.
    """
    try:
        adapter = import_module(f"pipeline.sources.{source}")
    except ModuleNotFoundError as error:
        if error.name != f"pipeline.sources.{source}":
            raise
        raise MemcurateError(
            f"source {source!r} has no adapter: write pipeline/sources/{source}.py (see CONTRIBUTING.md)"
        ) from None
    if not hasattr(adapter, "parse"):
        raise MemcurateError(f"pipeline/sources/{source}.py is no adapter: it has no function `parse`")
    parsed = adapter.parse(raw, source)
    assert isinstance(parsed, Parsed)
    return parsed
