"""The client of a server of this package."""

from typing import Any

from openenv.core import EnvClient
from openenv.core.client_types import StepResult

from .models import MemcurateAction, MemcurateObservation, MemcurateState


class MemcurateEnv(EnvClient[MemcurateAction, MemcurateObservation, MemcurateState]):
    """A session of a server: it plays one episode after another.

    `reset` takes the fields of `EpisodeOptions`. An error of the server is a RuntimeError with its message.
    """

    def _step_payload(self, action: MemcurateAction) -> dict[str, Any]:
        return {"reply": action.reply}

    def _parse_result(self, payload: dict[str, Any]) -> StepResult[MemcurateObservation]:
        reward, done = payload["reward"], payload["done"]
        fields = payload["observation"] | {"reward": reward, "done": done}
        return StepResult(MemcurateObservation.model_validate(fields), reward, done)

    def _parse_state(self, payload: dict[str, Any]) -> MemcurateState:
        state: MemcurateState = MemcurateState.model_validate(payload)
        return state
