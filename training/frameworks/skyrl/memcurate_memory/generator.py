"""The generator: SkyRL's own, with a fresh prompt at each turn in place of a growing chat."""

from typing import Any

from skyrl.train.generators.skyrl_gym_generator import SkyRLGymGenerator


class FreshPromptGenerator(SkyRLGymGenerator):
    """SkyRL's step-wise generator, in which the observation of a turn is all that the next prompt has.

    Each turn becomes a sequence of its own: prompt of a chunk, reply. It needs
    `generator.step_wise_trajectories=true`.
    """

    def _validate_cfg(self, generator_cfg: Any) -> None:
        super()._validate_cfg(generator_cfg)
        if not generator_cfg.step_wise_trajectories:
            raise ValueError(
                "FreshPromptGenerator makes a sequence of each turn: set "
                "generator.step_wise_trajectories=true, generator.batched=false"
            )

    def _setup_env_extras(
        self, _env_class: str, env_extras: dict[str, Any], _sampling_params: Any, _trajectory_id: Any
    ) -> dict[str, Any]:
        """Tell the environment the token that ends replies, which SkyRL's client leaves in their text."""
        return {**env_extras, "eos_token": self.tokenizer.eos_token}

    def _update_chat_history(
        self, chat_history: list[dict[str, str]], output: str, new_obs: list[dict[str, str]]
    ) -> list[dict[str, str]]:
        """Replace the history by the observation, in place: the agent loop templates this very list."""
        chat_history[:] = new_obs
        return chat_history

    def get_obs_ids_from_obs(self, new_obs: list[dict[str, str]], is_done: bool) -> list[int]:
        """Return no tokens: the observation is the next turn's prompt, not a part of this response."""
        return []
