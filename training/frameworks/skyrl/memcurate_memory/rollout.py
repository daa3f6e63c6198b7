"""Rolls out rows against an OpenAI-compatible server, without a trainer.

    python -m memcurate_memory.rollout ROWS.parquet --base-url http://127.0.0.1:8000/v1 --model MODEL

It makes each environment by `skyrl_gym.make`, asks the server once for each turn, and prints the metrics as
SkyRL-Gym adds them up.
"""

import argparse
import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import requests
import skyrl_gym
from skyrl_gym.metrics import aggregate_for_environment

from memcurate.env import reply_text

from . import ENV_CLASS
from .env import PACKAGE

_TIMEOUT_SECONDS = 3600  # of a reply


def play(row: dict[str, Any], url: str, request: dict[str, Any]) -> dict[str, Any]:
    """Play the episode of a row, and return its turns, reward and details.

    Raises requests.RequestException where the server does not answer, or answers with an error.
    """
    extras = {name: value for name, value in row.items() if name not in ("prompt", "env_class")}
    env = skyrl_gym.make(row["env_class"], env_config={}, extras=extras)
    messages, _ = env.init(row["prompt"])
    turns: list[dict[str, Any]] = []
    done, reward, info = False, 0.0, {}
    while not done:
        response = requests.post(
            f"{url}/chat/completions", json={**request, "messages": messages}, timeout=_TIMEOUT_SECONDS
        )
        response.raise_for_status()
        reply = reply_text(response.json()["choices"][0]["message"])
        turns.append({"prompt": messages, "reply": reply})
        result = env.step(reply)
        messages, done, info = result["observations"], result["done"], result["metadata"]
        reward += result["reward"]
    episode = {"instance": row["instance"], "reward": reward, "metrics": env.get_metrics()}
    env.close()
    return {**episode, "info": info, "turns": turns}


def main() -> None:
    """Roll out the rows that the command line names, write their episodes, and print the metrics."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path, help="file that memcurate_memory.rows wrote")
    parser.add_argument("--base-url", required=True, help="of an OpenAI-compatible server, with /v1")
    parser.add_argument("--model", required=True)
    parser.add_argument("-n", type=int, help="number of rows, from the first; default: all")
    parser.add_argument("--max-tokens", type=int, default=PACKAGE.params.generation.max_completion_tokens)
    parser.add_argument("--temperature", type=float, default=PACKAGE.params.generation.temperature)
    parser.add_argument("--concurrency", type=int, default=8, help="episodes at once")
    parser.add_argument("--out", type=Path, default=Path("rollouts.jsonl"))
    given = parser.parse_args()
    rows = pq.read_table(given.rows).slice(0, given.n).to_pylist()
    request = {
        "model": given.model,
        "max_completion_tokens": given.max_tokens,
        "temperature": given.temperature,
    }
    run = partial(play, url=given.base_url.rstrip("/"), request=request)
    with ThreadPoolExecutor(given.concurrency) as pool:
        episodes = list(pool.map(run, rows))
    given.out.write_text("".join(json.dumps(one) + "\n" for one in episodes), encoding="utf-8")
    metrics = aggregate_for_environment(ENV_CLASS, [one["metrics"] for one in episodes])
    metrics["reward"] = sum(one["reward"] for one in episodes) / max(len(episodes), 1)
    for name, value in metrics.items():
        print(f"{name:<14} {value:.4f}")
    print(f"{given.out}: {len(episodes)} episodes")


if __name__ == "__main__":
    main()
