"""Safe reading of all Parquet files: errors name the file, and pages are checked before use."""

from pipeline.core.parquet.reader import ParquetReader, convert_arrow_errors

__all__ = ["ParquetReader", "convert_arrow_errors"]
