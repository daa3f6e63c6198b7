"""Train on the bandit to the end: `python grpo_run.py MODEL RUN_DIR`. Tests run this process and kill it."""

import sys
from pathlib import Path

from tests.training.rl.factories import TwoArmedBandit, make_profile, make_tokenizer, measure_left_fraction
from training.rl.run_dir import RunDir
from training.rl.train import train

run_dir = RunDir(Path(sys.argv[2]))
with run_dir.hold_lock():
    train(
        Path(sys.argv[1]),
        make_tokenizer(),
        TwoArmedBandit(),
        6,
        measure_left_fraction,
        make_profile(num_batches=24, eval_every=2),
        1,
        run_dir,
    )
