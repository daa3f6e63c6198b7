"""The scripted policy on every kind of chunk: its entries and lists, and that all calls apply."""

from pathlib import Path

import pytest

from tests.training.conftest import Playable
from tests.training.factories import count_words, make_instance
from training.policies.run_episodes import Trajectory, run_episodes
from training.policies.scripted import ScriptedPolicy

EXAMPLES = """[Dialogue between User and Assistant on 2024-01-01 00:00]
<User> Here are samples, each with the number of its label. Learn how they are labelled:
Sample: Who wrote  Emma ?
Label: 3
Sample: Where is
Rome ?
Label: 4
<Assistant> I have seen the samples and will remember how they are labelled."""
PASSAGES = """[Dialogue between User and Assistant on 2024-01-01 00:00]
<User> Please read these passages and remember what they say:
Title: Normans
The Normans came to Normandy in France. They did. In 911 King Charles gave land to Rollo.

Title: Rome
It was built by Romulus, as the old story goes, and not in a day.

<Assistant> I have read the passages and will remember what they say."""
CHAT = """[Dialogue at timestamp 2018-05-03 14:20]
<a54af4> hey
lol
<549cc1> I moved to Utah in 2016
and I have two dogs
[Dialogue at timestamp 2018-05-04 09:00]
<a54af4> my sister lives in Korea
"""
BOOK = """[Event happened on 2024-01-01 The user is reading a book]
CHAPTER I

Emma Woodhouse, handsome and clever, lived at Hartfield with Mr.
Woodhouse.  "Ah!"  Miss Taylor had left Hartfield to marry Mr. Weston.

[Remember the details of what was read, and a summary of the book so far.]"""


@pytest.fixture(scope="module")
def policy(assets: Path) -> ScriptedPolicy:
    return ScriptedPolicy(assets)


def run_policy(policy: ScriptedPolicy, *chunks: str) -> Trajectory:
    (trajectory,) = run_episodes(policy, [make_instance("a", chunks)], 512, count_words)
    assert all(call.applied for step in trajectory.steps for call in step.calls)
    return trajectory


def entry_texts(trajectory: Trajectory) -> list[str]:
    return [entry.text for entry in trajectory.stored_entries()]


def test_labelled_samples_become_semantic_entries(policy: ScriptedPolicy) -> None:
    trajectory = run_policy(policy, EXAMPLES)
    assert entry_texts(trajectory) == ["Who wrote Emma ? = label 3", "Where is Rome ? = label 4"]
    assert trajectory.memory.core == ""


def test_passages_are_stored_under_their_titles_without_the_frame(policy: ScriptedPolicy) -> None:
    trajectory = run_policy(policy, PASSAGES)
    assert entry_texts(trajectory) == [
        "Normans: The Normans came to Normandy in France. In 911 King Charles gave land to Rollo.",
        "Rome: It was built by Romulus, as the old story goes, and not in a day.",
    ]
    assert "Normandy" in trajectory.memory.core and "Assistant" not in trajectory.memory.core


def test_dated_turns_become_episodic_entries_with_time_and_speaker(policy: ScriptedPolicy) -> None:
    trajectory = run_policy(policy, CHAT)
    assert entry_texts(trajectory) == [
        "2018-05-03 14:20 549cc1: I moved to Utah in 2016 and I have two dogs",
        "2018-05-04 09:00 a54af4: my sister lives in Korea",
    ]
    assert {entry.id[0] for entry in trajectory.stored_entries()} == {"e"}


def test_books_are_stored_without_the_frame(policy: ScriptedPolicy) -> None:
    trajectory = run_policy(policy, BOOK)
    (text,) = entry_texts(trajectory)
    assert text.startswith("CHAPTER I Emma Woodhouse") and "Miss Taylor" in text
    assert "Ah!" not in text and "Remember" not in text and "Event" not in text


def test_core_counts_names_over_all_steps(policy: ScriptedPolicy) -> None:
    once = run_policy(policy, CHAT)
    twice = run_policy(policy, CHAT, CHAT.replace("2018-05", "2018-06"))
    assert "Utah 1" in once.memory.core and "Korea 1" in once.memory.core
    assert "Utah 2" in twice.memory.core and "Korea 2" in twice.memory.core


def test_nothing_is_stored_of_uninformative_chunks(policy: ScriptedPolicy) -> None:
    trajectory = run_policy(policy, "", "<>[]", "[Dialogue at timestamp nowhere]\nlol")
    assert entry_texts(trajectory) == []


@pytest.mark.parametrize("source", ["squad_dev", "trec_fine", "hotpotqa_dev"])
def test_on_real_corpora_its_calls_apply_and_are_valid(
    policy: ScriptedPolicy, playable: Playable, source: str
) -> None:
    for trajectory in run_episodes(policy, playable(source)[:2], 512, count_words):
        calls = [call for step in trajectory.steps for call in step.calls]
        assert len(calls) > 50
        assert sum(call.applied for call in calls) >= 0.99 * len(calls)
        assert sum(call.valid for call in calls) >= 0.95 * len(calls)
