"""Run as a process of its own, to be killed: `python grpo_run.py MODEL RUN` trains on two arms to the end."""

import sys
from pathlib import Path

from tests.training.grpo_tiny import TwoArms, profile, tokenizer
from tests.training.test_grpo import validated
from training.grpo.learning import learn
from training.grpo.runs import RunFolder

run = RunFolder(Path(sys.argv[2]))
with run.locked():
    learn(Path(sys.argv[1]), tokenizer(), TwoArms(), 6, validated, profile(batches=24, every=2), 1, run)
