"""Write the model to train as a plain folder: weights, tokenizer, chat template, configuration.

It comes from a GGUF file or from the hub. transformers loads a GGUF file but cannot save the loaded model; so
the weights, in float32, go into a new model that is built from the configuration alone.
"""

from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

from training.policies.chats.pretrained import load_tokenizer, load_weights


def convert_gguf(gguf: Path, target: Path) -> int:
    """Write the model of a GGUF file to a folder; return the number of its parameters.

    Raises MemcurateError where the file cannot be read as a model.
    """
    failure = f"{gguf}: cannot be read as a GGUF model"
    loaded = load_weights(gguf.parent, failure, gguf_file=gguf.name, dtype=torch.float32)
    tokenizer = load_tokenizer(gguf.parent, failure, gguf_file=gguf.name)
    config = loaded.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    plain = AutoModelForCausalLM.from_config(config, dtype=torch.float32)  # type: ignore[no-untyped-call]
    plain.load_state_dict(loaded.state_dict())
    plain.generation_config = loaded.generation_config
    plain.save_pretrained(target)
    tokenizer.save_pretrained(target)
    return int(plain.num_parameters())


def save_hub_model(name: str, revision: str, target: Path) -> int:
    """Write a model of the hub, at a commit, to a folder; return the number of its parameters.

    Raises MemcurateError where it cannot be loaded.
    """
    failure = f"model {name} at revision {revision} cannot be loaded from the hub"
    model = load_weights(name, failure, revision=revision, dtype="auto")
    tokenizer = load_tokenizer(name, failure, revision=revision)
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
    return int(model.num_parameters())
