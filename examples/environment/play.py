"""Play an episode of the memory environment.

Without `--policy scripted` every reply is the same tool call. `--policy scripted` needs nltk, which is in
memcurate[pipeline], and its data, which are below data/assets.
"""

import argparse
from pathlib import Path

from memcurate.env import EnvObservation, MemoryEnv

# A model writes such a text; the tools and their arguments stand in the system message.
REPLY = (
    '<tool_call>{"name": "new_memory_insert", '
    '"arguments": {"memory_type": "semantic", "content": "CONTENT"}}</tool_call>'
)


class FixedPolicy:
    """Stores the number of each chunk, and nothing of what it says."""

    def reply(self, observation: EnvObservation) -> str:
        """Return one tool call."""
        return REPLY.replace("CONTENT", f"Chunk {observation.step + 1} of {observation.num_steps} was read.")


class ScriptedPolicy:
    """Stores informative sentences, by rules."""

    def __init__(self, assets: Path) -> None:
        """Load the sentence splitter from `assets`, a folder like data/assets."""
        from training.policies.scripted import ScriptedPolicy  # imports nltk

        self._policy = ScriptedPolicy(assets)

    def reply(self, observation: EnvObservation) -> str:
        """Return a reply of several tool calls."""
        return self._policy.act([observation.state])[0]


def play(env: MemoryEnv, policy: FixedPolicy | ScriptedPolicy, instance: str | None, seed: int) -> None:
    """Play an episode and print its steps, rewards and answers."""
    observation: EnvObservation | None = env.reset(instance, seed=seed)
    while observation is not None:
        prompt = observation.messages  # for a model: apply its chat template, generate, decode
        result = env.step(policy.reply(observation))
        info = result.info
        print(
            f"{observation.instance}, step {observation.step + 1} of {observation.num_steps}: "
            f"prompt of {sum(len(one['content']) for one in prompt)} characters, {len(info.calls)} calls, "
            f"r2 {info.tool_format:.2f}, r4 {info.content:.2f}, memory of {info.memory_tokens} tokens"
        )
        observation = result.observation
    episode = info.episode
    assert episode is not None  # after the last step
    scored = [answer for answer in episode.answers if answer.score is not None]
    print(f"right: {sum(answer.score or 0 for answer in scored):g} of {len(scored)} questions")
    if episode.correctness is not None:
        print(f"r1 {episode.correctness:.3f}, r3 {episode.compression:.3f}, total {result.reward:.3f}")
    for credit in ("episode", "step"):
        rewards = env.step_rewards(credit)
        totals = ("none" if one.total is None else f"{one.total:.3f}" for one in rewards)
        print(f"rewards by {credit}:", *totals)


def main() -> None:
    """Read the arguments and play."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path, help="folder of a dataset, such as data/dataset")
    parser.add_argument("--split", default="train", help="train, test or evaluation")
    parser.add_argument(
        "--assets", type=Path, help="folder of the tokenizer's files; default: beside the dataset"
    )
    parser.add_argument("--policy", choices=("fixed", "scripted"), default="fixed")
    parser.add_argument("--instance", help="id of an instance; default: one is drawn")
    parser.add_argument("--seed", type=int, default=0, help="seed of the draw")
    arguments = parser.parse_args()
    assets = arguments.assets or arguments.dataset.parent / "assets"
    policy = ScriptedPolicy(assets) if arguments.policy == "scripted" else FixedPolicy()
    with MemoryEnv.load(arguments.dataset, arguments.split, assets=assets) as env:
        play(env, policy, arguments.instance, arguments.seed)


if __name__ == "__main__":
    main()
