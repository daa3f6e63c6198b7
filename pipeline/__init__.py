"""The library: source corpora in, checked memory-training data out. No argv, no DVC, no torch."""
