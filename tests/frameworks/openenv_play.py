"""Play episodes over the client of the package for OpenEnv; it runs in the framework's virtual environment.

Its argument is a file of JSON:

    url        of the server
    episodes   a list of options of `reset`
    sessions   number of clients at once; each plays one episode after another
    model_url  of a server of chat completions that gives the replies, or
    reply      the reply to every prompt
    out        file to write: a line for each episode, with its prompts and last observation
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import httpx
from memcurate_env import MemcurateAction, MemcurateEnv


async def ask(model: httpx.AsyncClient | None, messages: list[dict[str, str]], reply: str) -> str:
    if model is None:
        return reply
    response = await model.post("/chat/completions", json={"model": "m", "messages": messages})
    return str(response.raise_for_status().json()["choices"][0]["message"]["content"])


async def play(config: dict[str, Any]) -> list[dict[str, Any]]:
    waiting, played = list(reversed(config["episodes"])), []
    all_here = asyncio.Barrier(config["sessions"])
    url = config.get("model_url")
    model = httpx.AsyncClient(base_url=url, timeout=None) if url else None

    async def play_session() -> None:
        patience = {"connect_timeout_s": 300, "message_timeout_s": 900, "websocket_ping_interval_s": None}
        async with MemcurateEnv(base_url=config["url"], **patience) as env:
            await all_here.wait()
            while waiting:
                result = await env.reset(**waiting.pop())
                prompts = []
                while not result.done:
                    prompts.append(result.observation.messages)
                    reply = await ask(model, result.observation.messages, config.get("reply", ""))
                    result = await env.step(MemcurateAction(reply=reply))
                assert result.reward == result.observation.total
                played.append({"prompts": prompts, "final": result.observation.model_dump()})

    await asyncio.gather(*(play_session() for _ in range(config["sessions"])))
    return played


if __name__ == "__main__":
    options = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with Path(options["out"]).open("w", encoding="utf-8") as file:
        for one in asyncio.run(play(options)):
            file.write(json.dumps(one) + "\n")
