"""The one door to Parquet files: errors that name the file, and bounds on what a page may ask for."""

from pipeline.parquet.reader import ParquetReader, readable

__all__ = ["ParquetReader", "readable"]
