"""Training of the memory agent: a warm start by SFT, then GRPO (paper, section on optimisation), with TRL."""
