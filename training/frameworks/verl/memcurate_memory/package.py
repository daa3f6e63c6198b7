"""The dataset, params and tokenizer of this package."""

from pathlib import Path

from memcurate.env import EnvPackage

PACKAGE = EnvPackage(Path(__file__).parent)
