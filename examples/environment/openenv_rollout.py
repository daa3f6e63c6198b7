"""Roll out episodes of the package for OpenEnv with a model behind an OpenAI-compatible server."""

import argparse

from memcurate_env import MemcurateAction, MemcurateEnv
from openai import OpenAI

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--model", required=True)
parser.add_argument("--model-url", default="http://127.0.0.1:8000/v1")
parser.add_argument("--environment-url", default="http://127.0.0.1:8001")
parser.add_argument("--split", default="train")
parser.add_argument("--episodes", type=int, default=2)
parser.add_argument("--max-chunks", type=int)
options = parser.parse_args()

model = OpenAI(base_url=options.model_url, api_key="none", timeout=600)
with MemcurateEnv(base_url=options.environment_url, message_timeout_s=600).sync() as env:
    for index in range(options.episodes):
        result = env.reset(split=options.split, index=index, max_chunks=options.max_chunks)
        while not result.done:
            completion = model.chat.completions.create(
                model=options.model, messages=result.observation.messages, max_tokens=160
            )
            result = env.step(MemcurateAction(reply=completion.choices[0].message.content or ""))
        rewards = result.observation.rewards or {}
        named = "  ".join(f"{name} {value:.2f}" for name, value in rewards.items())
        print(f"{result.observation.instance}: {result.reward}  {named}", flush=True)
