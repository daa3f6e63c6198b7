"""Rolls out rows against an OpenAI-compatible server by the agent loop, without verl's trainer and servers.

    python -m memcurate_memory.rollout ROWS.parquet --base-url http://127.0.0.1:8000/v1 --model MODEL

The server gets the prompt as the text of its tokens, at `/completions`. Where MODEL is neither a folder nor a
name of the hub, `--tokenizer` names one.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import requests
from omegaconf import OmegaConf
from transformers import AutoTokenizer
from verl.experimental.agent_loop.agent_loop import DictConfigWrap
from verl.utils.dataset.rl_dataset import RLHFDataset
from verl.workers.rollout.replica import TokenOutput

from .agent_loop import MemoryAgentLoop
from .package import PACKAGE

_TIMEOUT_SECONDS = 3600  # of a reply


class CompletionsClient:
    """A client with the method by which an agent loop generates, over an OpenAI-compatible server."""

    def __init__(self, url: str, model: str, tokenizer: Any) -> None:
        self._url = f"{url.rstrip('/')}/completions"
        self._model = model
        self._tokenizer = tokenizer

    async def generate(
        self, request_id: str, *, prompt_ids: list[int], sampling_params: dict[str, Any]
    ) -> TokenOutput:
        """Return the tokens of a reply.

        Raises requests.RequestException where the server does not answer, or answers with an error.
        """
        body = {"model": self._model, "prompt": self._tokenizer.decode(prompt_ids), **sampling_params}
        text = await asyncio.to_thread(self._request, body)
        return TokenOutput(token_ids=self._tokenizer.encode(text, add_special_tokens=False))

    def _request(self, body: dict[str, Any]) -> str:
        response = requests.post(self._url, json=body, timeout=_TIMEOUT_SECONDS)
        response.raise_for_status()
        return str(response.json()["choices"][0]["text"])


async def roll_out(rows: list[dict[str, Any]], given: argparse.Namespace) -> list[dict[str, Any]]:
    """Play the episodes of rows, some at once, and return the steps and rewards of each."""
    tokenizer = AutoTokenizer.from_pretrained(given.tokenizer or given.model)
    lengths = {
        "prompt_length": given.prompt_length or PACKAGE.params.generation.max_prompt_tokens,
        "response_length": given.max_tokens,
    }
    config = OmegaConf.create({"actor_rollout_ref": {"rollout": lengths}, "data": {}})
    agent_loop = MemoryAgentLoop(
        trainer_config=DictConfigWrap(config),
        server_manager=CompletionsClient(given.base_url, given.model, tokenizer),
        tokenizer=tokenizer,
        processor=None,
        dataset_cls=RLHFDataset,
        data_config=DictConfigWrap(config.data),
    )
    sampling = {"max_tokens": given.max_tokens, "temperature": given.temperature}
    at_once = asyncio.Semaphore(given.concurrency)

    async def play(row: dict[str, Any]) -> dict[str, Any]:
        async with at_once:
            outputs = await agent_loop.run(sampling, **row)
        steps = [
            {
                "prompt": tokenizer.decode(one.prompt_ids),
                "reply": tokenizer.decode(one.response_ids),
                "rewards": one.extra_fields["step_rewards"],
            }
            for one in outputs
        ]
        return {
            "instance": row["instance"],
            "reward": outputs[-1].reward_score,
            "metrics": outputs[-1].extra_fields["reward_extra_info"],
            "steps": steps,
        }

    return await asyncio.gather(*map(play, rows))


def main() -> None:
    """Roll out the rows that the command line names, write their episodes, and print the metrics."""
    generation = PACKAGE.params.generation
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path, help="file that memcurate_memory.rows wrote")
    parser.add_argument("--base-url", required=True, help="of an OpenAI-compatible server, with /v1")
    parser.add_argument("--model", required=True)
    parser.add_argument("--tokenizer", help="folder or name of the model's tokenizer; default: MODEL")
    parser.add_argument("-n", type=int, help="number of rows, from the first; default: all")
    parser.add_argument(
        "--prompt-length", type=int, help="rollout.prompt_length; default: that of the params"
    )
    parser.add_argument("--max-tokens", type=int, default=generation.max_completion_tokens)
    parser.add_argument("--temperature", type=float, default=generation.temperature)
    parser.add_argument("--concurrency", type=int, default=8, help="episodes at once")
    parser.add_argument("--out", type=Path, default=Path("rollouts.jsonl"))
    given = parser.parse_args()
    rows = pq.read_table(given.rows).slice(0, given.n).to_pylist()
    try:
        episodes = asyncio.run(roll_out(rows, given))
    except (ValueError, requests.RequestException) as error:
        sys.exit(f"memcurate_memory.rollout: {error}")
    given.out.write_text("".join(json.dumps(one) + "\n" for one in episodes), encoding="utf-8")
    for name in episodes[0]["metrics"] if episodes else ():
        mean = sum(one["metrics"][name] for one in episodes) / len(episodes)
        print(f"{name:<14} {mean:.4f}")
    print(f"{given.out}: {len(episodes)} episodes")


if __name__ == "__main__":
    main()
