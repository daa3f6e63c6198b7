"""Sample completions from a model of transformers: prompts share what they have in common.

`sampler.py` decides which rows run. Two decoders run them: `tree_decoder.py` on a CPU, `static_decoder.py` on
a GPU. `prompt_tree.py` and `prefill.py` compute each shared part of the prompts once.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Completion:
    """A completion as token ids, with the log probability of each."""

    tokens: list[int]  # with the end token, unless it was cut off
    # At the temperature of sampling; at temperature 0, of the unchanged distribution. None: not known.
    logps: list[float] | None = None
