"""The viewer of `memcurate view`: versions of the dataset in DuckDB, behind a local page that shows them."""
