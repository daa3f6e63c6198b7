"""The selection of instances for the dataset, its card, and its other formats, written and read."""
