"""The report of an evaluation: metrics, an HTML page, and CSV tables for plots."""
