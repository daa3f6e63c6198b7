"""Reinforcement learning of the memory agent: GRPO (paper, section on optimisation) through TRL's trainer."""
