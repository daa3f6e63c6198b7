"""The resources server: it holds an episode per session, gives prompts, and rewards it at its end."""

import asyncio
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request
from nemo_gym.base_resources_server import BaseResourcesServerConfig, SimpleResourcesServer
from nemo_gym.server_utils import SESSION_ID_KEY
from pydantic import PrivateAttr

from memcurate.env import EnvObservation, EnvPackage, MemoryEnv, StepResult

from .api import MemorySeedRequest, MemoryVerifyRequest, MemoryVerifyResponse, Prompt, Reply

PACKAGE = EnvPackage(Path(__file__).parent)


class MemoryServer(SimpleResourcesServer):
    """The episodes that run, each by the id of its session."""

    config: BaseResourcesServerConfig
    _running: dict[str, "RunningEpisode"] = PrivateAttr(default_factory=dict)

    def setup_webserver(self) -> FastAPI:
        """Add `/step` and `/close` to the routes of a resources server."""
        app: FastAPI = super().setup_webserver()
        app.post("/step")(self.step)
        app.post("/close")(self.close)
        return app

    async def seed_session(self, request: Request, body: MemorySeedRequest) -> Prompt:
        """Begin the episode of a row, and return the prompt of its first chunk."""
        episode = await asyncio.to_thread(RunningEpisode, body)
        self._running[request.session[SESSION_ID_KEY]] = episode
        return make_prompt(episode.observation)

    async def step(self, request: Request, body: Reply) -> Prompt:
        """Apply a reply, and return the prompt of the next chunk; the questions follow the last one.

        Status 409 where the session has no episode, or its chunks were all read.
        """
        episode = self._find(request)
        if episode.observation is None:
            raise HTTPException(409, "all chunks of this episode were read: call /verify")
        await asyncio.to_thread(episode.add_reply, body.text)
        return make_prompt(episode.observation)

    async def verify(self, request: Request, body: MemoryVerifyRequest) -> MemoryVerifyResponse:
        """Return the rewards of the episode, which ends. Status 409 where chunks were left unread."""
        episode = self._find(request)
        if episode.result is None:
            raise HTTPException(409, "the episode has no reward before its last chunk was read: call /step")
        del self._running[request.session[SESSION_ID_KEY]]
        instance, info = episode.instance, episode.result.info
        measured = PACKAGE.measure_episode(instance, info)
        reward = measured.pop("total")
        rewards = {"instance": instance, "reward": reward, **measured, **PACKAGE.detail_episode(info)}
        return MemoryVerifyResponse(**body.model_dump(), **rewards)

    async def close(self, request: Request) -> None:
        """Drop the episode of the session, if it has one."""
        self._running.pop(request.session[SESSION_ID_KEY], None)

    def _find(self, request: Request) -> "RunningEpisode":
        episode = self._running.get(request.session[SESSION_ID_KEY])
        if episode is None:
            raise HTTPException(409, "this session has no episode: call /seed_session, and send its cookies")
        return episode


class RunningEpisode:
    """An episode of a row, with the observation of the next chunk or the result of the last one."""

    def __init__(self, row: MemorySeedRequest) -> None:
        """Begin the episode. Raises MemcurateError where the dataset has no such instance."""
        self._env: MemoryEnv = PACKAGE.make_env(
            row.split, credit=row.credit, max_chunks=row.max_chunks, max_questions=row.max_questions
        )
        self.instance = row.instance
        self.observation: EnvObservation | None = self._env.reset(row.instance)
        self.result: StepResult | None = None

    def add_reply(self, text: str) -> None:
        """Apply a reply to the chunk that was observed last."""
        result = self._env.step(text)
        self.observation = result.observation
        if result.done:
            self.result = result


def make_prompt(observation: EnvObservation | None) -> Prompt:
    """Make the answer that has the messages of an observation."""
    if observation is None:
        return Prompt(messages=None)
    return Prompt(messages=[dict(message) for message in observation.messages])
