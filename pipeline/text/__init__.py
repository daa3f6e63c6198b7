"""Text: tokens, sentences, normalization, keywords, and the shingles of words."""
