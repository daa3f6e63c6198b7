"""Read raw files as documents or examples, and questions: by the format of a source, or by its adapter.

An adapter's module has the source's name in params.yaml. Formats are in `formats`; some are shared by
adapters only. Where documents need no other record, files are read shard by shard.
"""

from pipeline.sources.readers import SourceReader, make_reader

__all__ = ["SourceReader", "make_reader"]
