"""The episode as tools of one conversation, for `environment_factory` of TRL's GRPOTrainer."""

from typing import Any, Literal

from memcurate.env import MemcurateError, reply_text

from .client import MemcurateEnv
from .models import MemcurateAction, MemcurateObservation

_READ_ON = "\n\nThen call read_on for the next piece."
_ENDED = "There are no more pieces. The memory is closed."


class MemcurateToolEnv:
    """A session of a server whose public methods are the model's tools: three for the memory, and `read_on`.

    The calls between two `read_on` are the reply to a chunk. `observation` is the last one; after
    `get_reward` it has the named rewards.
    """

    def __init__(self, base_url: str, **options: Any) -> None:
        """Connect at the first `reset`. `options` of each episode are fields of `EpisodeOptions`."""
        self.observation: MemcurateObservation | None = None
        self._client = MemcurateEnv(base_url=base_url).sync()
        self._options = options
        self._calls: list[dict[str, Any]] = []

    def reset(self, seed: int | None = None, instance: str | None = None, **columns: Any) -> str:
        """Begin the episode of a row of the training dataset, and return instructions and the first chunk.

        Other columns of the row are left aside. Raises MemcurateError where the row names neither `seed` nor
        `instance`: the rollouts of a group would play different instances.
        """
        if seed is None and instance is None:
            raise MemcurateError(
                "MemcurateToolEnv.reset: the row has no `seed` and no `instance`. Give the training dataset "
                "one of these columns, so that all rollouts of a group play one instance."
            )
        named: dict[str, Any] = {"seed": seed} if instance is None else {"instance": instance}
        result = self._client.reset(**self._options, **named, native_tools=True)
        self.observation, self._calls = result.observation, []
        return "\n\n".join(one["content"] for one in result.observation.messages) + _READ_ON

    def new_memory_insert(self, memory_type: Literal["semantic", "episodic"], content: str) -> str:
        """Add an entry.

        Args:
            memory_type: The list that the entry joins.
            content: What to remember, in a sentence or two.

        Returns:
            A note.
        """
        return self._add_call("new_memory_insert", memory_type=memory_type, content=content)

    def memory_update(
        self,
        memory_type: Literal["core", "semantic", "episodic"],
        new_content: str,
        memory_id: str | None = None,
    ) -> str:
        """Change an entry, or rewrite core as a whole.

        Args:
            memory_type: The part of the memory.
            new_content: What to remember, in a sentence or two.
            memory_id: Id of the entry, such as s3; core has none.

        Returns:
            A note.
        """
        arguments = {"memory_type": memory_type, "new_content": new_content, "memory_id": memory_id}
        return self._add_call("memory_update", **arguments)

    def memory_delete(self, memory_type: Literal["semantic", "episodic"], memory_id: str) -> str:
        """Delete an entry.

        Args:
            memory_type: The list of the entry.
            memory_id: Id of the entry, such as s3.

        Returns:
            A note.
        """
        return self._add_call("memory_delete", memory_type=memory_type, memory_id=memory_id)

    def read_on(self) -> str:
        """Apply the calls to the memory, and read the next piece.

        Returns:
            The next piece and the memory.
        """
        if self._find_observation().done:
            return _ENDED
        observation = self._step()
        return _ENDED if observation.done else observation.messages[-1]["content"] + _READ_ON

    def get_reward(self) -> float | None:
        """Return the total of the episode; None where no question could be scored.

        Chunks that were not read are passed over: the reply to each is empty.
        """
        while not self._find_observation().done:
            self._step()
        return self._find_observation().total

    def _add_call(self, name: str, **arguments: Any) -> str:
        if self._find_observation().done:
            return _ENDED
        given = {key: value for key, value in arguments.items() if value is not None}
        self._calls.append({"function": {"name": name, "arguments": given}})
        return "It is done when you call read_on."

    def _step(self) -> MemcurateObservation:
        reply, self._calls = reply_text({"tool_calls": self._calls}), []
        observation: MemcurateObservation = self._client.step(MemcurateAction(reply=reply)).observation
        self.observation = observation
        return observation

    def _find_observation(self) -> MemcurateObservation:
        if self.observation is None:
            raise MemcurateError("MemcurateToolEnv: no episode is running; call reset first")
        return self.observation
