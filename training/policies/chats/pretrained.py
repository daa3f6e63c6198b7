"""Load weights and tokenizers with transformers; a model that cannot be loaded is one error that names it."""

from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from pipeline.core.errors import MemcurateError

_MAX_ERROR_CHARS = 200


def load_tokenizer(
    source: str | Path, failure: str, hint: str = "", **options: Any
) -> PreTrainedTokenizerBase:
    """Load the tokenizer of a folder or hub name; `options` are those of `from_pretrained`.

    Raises MemcurateError, `failure` (reason)`hint`, where it cannot be loaded.
    """
    tokenizer: PreTrainedTokenizerBase = _load(AutoTokenizer, source, failure, hint, options)
    return tokenizer


def load_weights(source: str | Path, failure: str, **options: Any) -> PreTrainedModel:
    """Load the weights of a folder or hub name; otherwise as `load_tokenizer`."""
    model: PreTrainedModel = _load(AutoModelForCausalLM, source, failure, "", options)
    return model


def _load(loader: Any, source: str | Path, failure: str, hint: str, options: dict[str, Any]) -> Any:
    try:
        # Where it is not given, transformers asks at the terminal whether a model's own code may run.
        return loader.from_pretrained(source, trust_remote_code=False, **options)
    except UnpicklingError as error:
        raise MemcurateError(
            f"{failure} (its weights are a pickle that holds more than tensors, which could run code: take "
            f"weights in safetensors){hint}"
        ) from error
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().split("\n")[0][:_MAX_ERROR_CHARS]
        raise MemcurateError(f"{failure} ({reason}){hint}") from error
