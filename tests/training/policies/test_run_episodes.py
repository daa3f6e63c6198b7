"""Running policies over instances: batches, calls and well-formed text."""

from collections.abc import Sequence

from tests.training.factories import count_words, make_instance
from training.policies import Observation
from training.policies.run_episodes import run_episodes


class CopyingPolicy:
    """A policy that stores each chunk, and keeps the chunks of each of its calls."""

    name = "copier"
    batch_size = 2

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def act(self, observations: Sequence[Observation]) -> list[str]:
        self.batches.append([one.chunk for one in observations])
        template = (
            '{{"name": "new_memory_insert", "arguments": {{"memory_type": "semantic", "content": "{}"}}}}'
        )
        return [template.format(one.chunk) for one in observations]


def test_the_live_episodes_of_a_batch_share_a_call_of_the_policy() -> None:
    policy = CopyingPolicy()
    instances = [
        make_instance("a", ["a one", "a two"]),
        make_instance("b", ["b one", "b two", "b three"]),
        make_instance("c", ["c one"]),
    ]
    trajectories = list(run_episodes(policy, instances, 10, count_words))
    assert policy.batches == [["a one", "b one"], ["a two", "b two"], ["b three"], ["c one"]]
    assert [one.instance.id for one in trajectories] == ["made/a", "made/b", "made/c"]
    assert [[entry.text for entry in one.stored_entries()] for one in trajectories] == [
        ["a one", "a two"],
        ["b one", "b two", "b three"],
        ["c one"],
    ]
    assert [step.memory_tokens for step in trajectories[1].steps] == [2, 4, 6]


class SurrogatePolicy:
    """A policy that writes lone surrogates, as characters of the reply and as an escape in a call."""

    name = "surrogates"
    batch_size = 1

    def act(self, observations: Sequence[Observation]) -> list[str]:
        arguments = '{"memory_type": "episodic_memory", "content": "Tom \\ud83d"}'
        return [f'\ud83d <tool_call>{{"name": "new_memory_insert", "arguments": {arguments}}}</tool_call>']


def test_lone_surrogates_are_replaced_in_replies_and_calls() -> None:
    (trajectory,) = run_episodes(SurrogatePolicy(), [make_instance("a", ["a one"])], 10, count_words)
    (step,) = trajectory.steps
    (call,) = step.calls
    assert step.reply.startswith("\ufffd <tool_call>")
    assert (call.memory_type, call.content, call.applied) == ("episodic", "Tom \ufffd", True)
    assert [entry.text for entry in trajectory.stored_entries()] == ["Tom \ufffd"]
