"""The agent: a model call for each chunk; its prompt has the memory and the chunk, and no earlier turn."""

from typing import Any

from fastapi import Request
from nemo_gym.base_responses_api_agent import BaseResponsesAPIAgentConfig, SimpleResponsesAPIAgent
from nemo_gym.config_types import (
    AggregateMetrics,
    AggregateMetricsRequest,
    ModelServerRef,
    ResourcesServerRef,
)
from nemo_gym.openai_utils import NeMoGymResponse, NeMoGymResponseCreateParamsNonStreaming
from nemo_gym.server_utils import get_response_json, raise_for_status

from memcurate.env import reply_text

from .api import MemoryRow, MemoryRunRequest, MemoryVerifyResponse, Prompt


class MemoryAgentConfig(BaseResponsesAPIAgentConfig):
    """The servers that the agent asks."""

    resources_server: ResourcesServerRef
    model_server: ModelServerRef


class MemoryRunResponse(MemoryVerifyResponse):
    """The rewards of an episode and its turns: the prompt and the reply of each chunk, in order."""

    turns: list[dict[str, Any]]


class MemoryAgent(SimpleResponsesAPIAgent):
    """An agent that reads an instance chunk by chunk."""

    config: MemoryAgentConfig

    async def responses(
        self, request: Request, body: NeMoGymResponseCreateParamsNonStreaming
    ) -> NeMoGymResponse:
        """Ask the model once."""
        return await self._ask(body)

    async def run(self, request: Request, body: MemoryRunRequest) -> MemoryRunResponse:
        """Roll out the episode of a row; where that fails, its session is closed."""
        row = body.model_dump(include=set(MemoryRow.model_fields))
        found, cookies = await self._post("seed_session", row, request.cookies)
        try:
            return await self._read_chunks(body, Prompt.model_validate(found), cookies)
        except BaseException:
            await self._post("close", {}, cookies)
            raise

    async def aggregate_metrics(self, body: AggregateMetricsRequest) -> AggregateMetrics:
        """Return the metrics that the resources server adds up."""
        found, _ = await self._post("aggregate_metrics", body, None)
        return AggregateMetrics.model_validate(found)

    async def _read_chunks(self, body: MemoryRunRequest, prompt: Prompt, cookies: Any) -> MemoryRunResponse:
        params, turns, output = body.responses_create_params, [], []
        response = None
        while prompt.messages is not None:
            response = await self._ask(params.model_copy(update={"input": prompt.messages}))
            text = read_reply(response)
            turns.append({"prompt": prompt.messages, "reply": text})
            output += response.output
            found, cookies = await self._post("step", {"text": text}, cookies)
            prompt = Prompt.model_validate(found)
        if response is None:
            raise ValueError("the resources server gave no chunk")
        whole = response.model_copy(update={"output": output, "usage": None})
        ended = {"responses_create_params": params.model_dump(), "response": whole.model_dump()}
        found, _ = await self._post("verify", ended, cookies)
        run: MemoryRunResponse = MemoryRunResponse.model_validate({**found, "turns": turns})
        return run

    async def _ask(self, body: NeMoGymResponseCreateParamsNonStreaming) -> NeMoGymResponse:
        answer = await self.server_client.post(
            server_name=self.config.model_server.name, url_path="/v1/responses", json=body
        )
        await raise_for_status(answer)
        return NeMoGymResponse.model_validate(await get_response_json(answer))

    async def _post(self, path: str, body: Any, cookies: Any) -> tuple[Any, Any]:
        """Post to the resources server, and return its answer and the cookies of the session."""
        answer = await self.server_client.post(
            server_name=self.config.resources_server.name, url_path=f"/{path}", json=body, cookies=cookies
        )
        await raise_for_status(answer)
        return await get_response_json(answer), answer.cookies


def read_reply(response: NeMoGymResponse) -> str:
    """Return the text of a response; calls of its own become tool calls in the text."""
    contents, calls = [], []
    for item in response.output:
        if item.type == "message":
            contents += [part.text for part in item.content if part.type == "output_text"]
        elif item.type == "function_call":
            calls.append({"type": "function", "function": {"name": item.name, "arguments": item.arguments}})
    return str(reply_text({"content": "".join(contents), "tool_calls": calls}))
