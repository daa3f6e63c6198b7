"""The agent loop: it plays the instance of a row, and returns a prompt and a reply for each of its steps."""

from dataclasses import asdict
from typing import Any
from uuid import uuid4

from verl.experimental.agent_loop import AgentLoopBase, AgentLoopOutput

from memcurate.env import EnvObservation, StepResult

from .package import PACKAGE


class MemoryAgentLoop(AgentLoopBase):
    """An episode. Each step has a fresh prompt: instructions, memory and chunk, nothing of earlier steps.

    So a step is a sequence of its own, for which verl's V1 trainer lets an agent loop return a list. Each of
    them gets the reward of the last one, the episode's total.
    """

    async def run(self, sampling_params: dict[str, Any], **row: Any) -> list[AgentLoopOutput]:
        """Play the instance that the columns of `row` name; the prompt of the row is not read.

        Raises ValueError where a prompt is longer than `rollout.prompt_length`, or no question of the
        instance got a score.
        """
        env = PACKAGE.make_env(
            row["split"],
            credit=row.get("credit") or "episode",
            max_chunks=row.get("max_chunks"),
            max_questions=row.get("max_questions"),
        )
        instance = str(row["instance"])
        outputs: list[AgentLoopOutput] = []
        observation: EnvObservation | None = env.reset(instance)
        while observation is not None:
            output = await self._complete([dict(one) for one in observation.messages], sampling_params)
            outputs.append(output)
            reply = self.tokenizer.decode(output.response_ids, skip_special_tokens=True)
            result: StepResult = await self.loop.run_in_executor(None, env.step, reply)
            observation = result.observation
        env.close()
        measured = PACKAGE.measure_episode(instance, result.info)
        for output, rewards in zip(outputs, result.info.step_rewards, strict=True):
            output.reward_score = measured["total"]
            output.extra_fields |= {"reward_extra_info": measured, "step_rewards": asdict(rewards)}
        return outputs

    async def _complete(
        self, messages: list[dict[str, str]], sampling_params: dict[str, Any]
    ) -> AgentLoopOutput:
        """Return the prompt and reply of a step, cut to `rollout.response_length` tokens."""
        prompt_ids = await self.loop.run_in_executor(
            None, self.continuous_token_builder.build_initial_tokens, messages
        )
        limit = self.rollout_config.prompt_length
        if len(prompt_ids) > limit:
            raise ValueError(
                f"a prompt has {len(prompt_ids)} tokens and rollout.prompt_length is {limit}: raise it, or "
                "lower generation.max_prompt_tokens of params.yaml and export the package again"
            )
        generated = await self.server_manager.generate(
            request_id=uuid4().hex, prompt_ids=prompt_ids, sampling_params=sampling_params
        )
        length = self.rollout_config.response_length
        response_ids, log_probs = generated.token_ids[:length], generated.log_probs
        return AgentLoopOutput(
            prompt_ids=prompt_ids,
            response_ids=response_ids,
            response_mask=[1] * len(response_ids),
            response_logprobs=log_probs[:length] if log_probs else None,
            num_turns=2,
            metrics={},
            extra_fields=dict(generated.extra_fields),
        )
