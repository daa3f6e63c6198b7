"""A model out of a GGUF file as a plain folder: weights, tokenizer, chat template, configuration.

transformers reads GGUF but does not save what it read; so the weights, in float32, go into a model that was
made from the configuration alone.
"""

from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

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
