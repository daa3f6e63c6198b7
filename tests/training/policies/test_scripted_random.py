"""The random scripted policy: a few whole sentences or samples, the same ones again, within the limit."""

from collections import Counter
from pathlib import Path

import pytest

from tests.training.conftest import Playable
from tests.training.factories import count_words, make_instance
from training.policies.run_episodes import Trajectory, run_episodes
from training.policies.scripted_random import RandomPolicy

CHAT = """[Dialogue at timestamp 2018-05-03 14:20]
<User> Tell me something about rivers.
<Assistant> The Rhine rises in Switzerland and ends in the North Sea. It is 1,233 km long.
<Ann Lee> hey
<Ann Lee> I moved to Utah in 2016."""
SENTENCES = {
    "User: Tell me something about rivers.",
    "Assistant: The Rhine rises in Switzerland and ends in the North Sea.",
    "Assistant: It is 1,233 km long.",
    "Ann Lee: I moved to Utah in 2016.",
}
SAMPLES = """<User> Here are samples:
Sample: Who wrote Emma ?
Label: 3
Sample: Where is Rome ?
Label: 4"""


@pytest.fixture(scope="module")
def policy(assets: Path) -> RandomPolicy:
    return RandomPolicy(assets)


def run_policy(policy: RandomPolicy, *chunks: str, max_tokens: int | None = None) -> Trajectory:
    (trajectory,) = run_episodes(policy, [make_instance("a", chunks)], 16, count_words, lambda _: max_tokens)
    assert all(call.applied for step in trajectory.steps for call in step.calls)
    return trajectory


def test_one_to_three_whole_sentences_of_a_chunk_are_stored(policy: RandomPolicy) -> None:
    chunks = [f"{CHAT}\n<Bo Lind> I have {number} dogs." for number in range(2, 62)]
    drawn: Counter[str] = Counter()
    sizes: Counter[int] = Counter()
    for chunk in chunks:
        trajectory = run_policy(policy, chunk)
        texts = [entry.text for entry in trajectory.stored_entries()]
        assert trajectory.memory.core == ""
        assert all(text in SENTENCES or " dogs." in text for text in texts)
        sizes[len(texts)] += 1
        drawn.update(text if text in SENTENCES else "dogs" for text in texts)
    assert sizes.keys() == {1, 2, 3}
    assert drawn.keys() == SENTENCES | {"dogs"}
    assert max(drawn.values()) < 3 * min(drawn.values())  # each has the same chance


def test_a_chunk_gives_the_same_entries_again(policy: RandomPolicy) -> None:
    one, again = (run_policy(policy, CHAT).stored_entries() for _ in range(2))
    assert one == again


def test_samples_are_stored_with_their_labels(policy: RandomPolicy) -> None:
    texts = {entry.text for entry in run_policy(policy, SAMPLES).stored_entries()}
    assert texts and texts <= {"Who wrote Emma ? = label 3", "Where is Rome ? = label 4"}


def test_what_has_no_room_is_not_written(policy: RandomPolicy) -> None:
    chunks = [f"{CHAT}\n<Bo Lind> I have {number} dogs." for number in range(30)]
    trajectory = run_policy(policy, *chunks, max_tokens=60)
    assert 40 < trajectory.memory.tokens <= 60


@pytest.mark.parametrize("source", ["banking77", "chitchat", "gutenberg", "squad_dev", "people"])
def test_it_writes_something_of_every_kind_of_instance(
    policy: RandomPolicy, playable: Playable, source: str
) -> None:
    for trajectory in run_episodes(policy, playable(source)[:2], 16, count_words):
        assert len(trajectory.stored_entries()) >= len(trajectory.steps) / 2
