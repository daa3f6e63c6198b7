"""The model that is trained as a plain folder: weights, tokenizer, chat template, configuration.

Out of a GGUF file, or from the hub. transformers reads GGUF but does not save what it read; so the weights,
in float32, go into a model that was made from the configuration alone.
"""

from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from pipeline.errors import MemcurateError


def plain_model(gguf: Path, target: Path) -> int:
    """Write the model of a GGUF file to a folder; give the number of its parameters.

    Raises MemcurateError when the file cannot be read as a model.
    """
    try:
        read = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    except (OSError, ValueError, KeyError) as error:
        raise MemcurateError(f"{gguf}: cannot be read as a GGUF model ({error})") from error
    config = read.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    plain = AutoModelForCausalLM.from_config(config, dtype=torch.float32)  # type: ignore[no-untyped-call]
    plain.load_state_dict(read.state_dict())
    plain.generation_config = read.generation_config
    plain.save_pretrained(target)
    tokenizer.save_pretrained(target)
    return int(plain.num_parameters())


def hub_model(name: str, revision: str, target: Path) -> int:
    """Write a model of the hub, at a commit, to a folder; give the number of its parameters.

    Raises MemcurateError when it cannot be loaded.
    """
    try:
        model = AutoModelForCausalLM.from_pretrained(name, revision=revision, dtype="auto")
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(name, revision=revision)
    except (OSError, ValueError, KeyError) as error:
        raise MemcurateError(
            f"model {name} at revision {revision} cannot be loaded from the hub ({error})"
        ) from error
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
    return int(model.num_parameters())
