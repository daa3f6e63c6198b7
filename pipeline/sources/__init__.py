"""Source adapters: the `parse` of each turns raw files into documents or examples, and questions.

An adapter's module has the source's name in params.yaml. Formats that several sources share are in `formats`.
"""

from importlib import import_module
from pathlib import Path

from pipeline.core.errors import MemcurateError
from pipeline.sources.parsed import ParsedSource


def parse(source: str, raw_dir: Path) -> ParsedSource:
    """Parse the raw files of a source with its adapter.

    Raises MemcurateError when the source has no adapter, and as the adapter does.
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
        raise MemcurateError(
            f"pipeline/sources/{source}.py is not an adapter: it has no function `parse(raw_dir, source)`"
        )
    parsed = adapter.parse(raw_dir, source)
    assert isinstance(parsed, ParsedSource)
    return parsed
