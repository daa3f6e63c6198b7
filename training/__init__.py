"""The memory agent: its memory, policies, evaluation and training."""
