"""Near-duplicates and contamination: instances that are repeated, or that share text with test."""
