"""A script for the virtual environment of SkyRL: its generator plays rows, and what it returns is printed.

python skyrl_generator.py ROWS.parquet TOKENIZER URL
"""

import asyncio
import json
import sys
import typing
from typing import Any

import pyarrow.parquet as pq
import typing_extensions

# SkyRL 0.3.0 gives pydantic a TypedDict of `typing`, which pydantic refuses before Python 3.12.
typing.TypedDict = typing_extensions.TypedDict  # type: ignore[assignment]

from memcurate_memory.generator import FreshPromptGenerator  # noqa: E402
from skyrl.backends.skyrl_train.inference_servers.remote_inference_client import (  # noqa: E402
    RemoteInferenceClient,
)
from skyrl.train.config import GeneratorConfig, SkyRLGymConfig  # noqa: E402
from skyrl.train.generators.utils import prepare_generator_input  # noqa: E402
from transformers import AutoTokenizer  # noqa: E402


async def generate(rows: list[dict[str, Any]], tokenizer: Any, url: str) -> dict[str, Any]:
    """Return the output of the generator for these rows."""
    config = GeneratorConfig(step_wise_trajectories=True, max_turns=100, max_input_length=1_000_000)
    client = RemoteInferenceClient(
        proxy_url=url, server_urls=[url], data_parallel_size=1, tokenizer=tokenizer, model_name="m"
    )
    prompts = [
        {
            "prompt": row["prompt"],
            "env_class": row["env_class"],
            "uid": row["instance"],
            "env_extras": {name: row[name] for name in row if name not in ("prompt", "env_class")},
        }
        for row in rows
    ]
    batch, _ = prepare_generator_input(prompts, 1, {"temperature": 1.0}, "memcurate_memory", "eval", 0)
    generator = FreshPromptGenerator(config, SkyRLGymConfig(), client, tokenizer)
    output = await generator.generate(batch, disable_tqdm=True)
    await client.teardown()
    return dict(output)


if __name__ == "__main__":
    import memcurate_memory  # noqa: F401  # registers the environment

    path, folder, server = sys.argv[1:]
    found = asyncio.run(
        generate(pq.read_table(path).to_pylist(), AutoTokenizer.from_pretrained(folder), server)
    )
    found["trajectory_ids"] = [one.instance_id for one in found["trajectory_ids"]]
    print(json.dumps(found))
