"""Credit: what each step and each call of an episode adds to its reward, computed without a judge."""
