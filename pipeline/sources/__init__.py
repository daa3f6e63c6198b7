"""Read raw files as documents or examples, and questions, by the format of a source.

Formats are in `formats`. Where documents need no other record, files are read shard by shard.
"""

from pipeline.sources.readers import SourceReader, make_reader

__all__ = ["SourceReader", "make_reader"]
