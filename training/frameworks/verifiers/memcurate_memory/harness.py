"""The harness: a model call for each chunk; its prompt has the memory and the chunk, and no earlier turn."""

from typing import Any

import verifiers.v1 as vf
from openai import AsyncOpenAI

from memcurate.env import EnvObservation, reply_text

from .taskset import MemoryTask


class MemoryHarness(vf.Harness[vf.HarnessConfig]):
    """A loop in this process: it runs no code of the model, and its tools change the memory alone."""

    APPENDS_SYSTEM_PROMPT = True
    EXECUTES_CODE = False
    NEEDS_CONTAINER = False

    async def launch(
        self,
        ctx: vf.ModelContext,
        trace: vf.Trace,
        runtime: vf.Runtime,
        endpoint: str,
        secret: str,
        mcp_urls: dict[str, str],
        data: vf.TaskData,
    ) -> vf.ProgramResult:
        """Show the model chunk after chunk. Raises TypeError for the tasks of another taskset."""
        running = getattr(trace.state, "running", None)
        if running is None:
            raise TypeError(f"this harness plays {MemoryTask.__name__} alone: choose another harness")
        async with AsyncOpenAI(base_url=endpoint, api_key=secret, timeout=None) as client:
            while (observation := running.observation) is not None:
                request = build_request(observation, data.system_prompt, running.native_tools)
                completion = await client.chat.completions.create(model=ctx.model, **request)
                message = completion.choices[0].message
                await running.add_reply(reply_text(message.model_dump(exclude_none=True)))
        return vf.ProgramResult(exit_code=0, stdout="", stderr="")


def build_request(
    observation: EnvObservation, system_prompt: str | None, native_tools: bool
) -> dict[str, Any]:
    """Build the messages of a chunk, with the task's system prompt, which a config may have replaced.

    With `native_tools` the request has the tools, for the server's chat template.
    """
    messages = [dict(message) for message in observation.messages]
    if system_prompt is not None:
        messages[0]["content"] = system_prompt
    return {"messages": messages} | ({"tools": list(observation.tools)} if native_tools else {})
