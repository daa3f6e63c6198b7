"""Loading a model of others: nothing in its files is run."""

import io
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from pipeline.core.errors import MemcurateError
from training.policies.chats.pretrained import load_tokenizer, load_weights

AUTO_MAP = {
    "AutoConfig": "own.OwnConfig",
    "AutoModelForCausalLM": "own.OwnModel",
    "AutoTokenizer": ["own.OwnTokenizer", None],
}


class Command:
    """An object whose pickle creates a folder when it is loaded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self._folder),)


@pytest.mark.parametrize("load", [load_weights, load_tokenizer])
def test_code_of_a_model_does_not_run_even_if_the_user_would_say_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load: Callable[[Path, str], object]
) -> None:
    """Bar: transformers does not ask, and the model's module is not imported."""
    model, trace = tmp_path / "model", tmp_path / "ran"
    model.mkdir()
    (model / "own.py").write_text(f"open({str(trace)!r}, 'w')\n", encoding="utf-8")
    config = {"model_type": "own", "auto_map": AUTO_MAP}
    (model / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (model / "tokenizer_config.json").write_text(json.dumps({"auto_map": AUTO_MAP}), encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(MemcurateError, match="the model cannot be loaded"):
        load(model, "the model cannot be loaded")
    assert not trace.exists()


def test_weights_that_are_a_pickle_with_a_command_are_refused(tmp_path: Path) -> None:
    model, trace = tmp_path / "model", tmp_path / "ran"
    config = LlamaConfig(
        vocab_size=16,
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        num_key_value_heads=1,
    )
    weights = LlamaForCausalLM(config).state_dict()
    config.save_pretrained(model)
    torch.save(weights, model / "pytorch_model.bin")
    assert load_weights(model, "the model cannot be loaded").num_parameters() > 0  # the folder is a model
    torch.save(weights | {"own": Command(trace)}, model / "pytorch_model.bin")
    with pytest.raises(MemcurateError, match="a pickle that holds more than tensors"):
        load_weights(model, "the model cannot be loaded")
    assert not trace.exists()
    pickle.loads(pickle.dumps(Command(trace)))
    assert trace.exists()  # the command itself works
