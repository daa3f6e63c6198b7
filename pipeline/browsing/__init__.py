"""The reading room: a version of the dataset in a database that a local page filters, searches and shows."""
