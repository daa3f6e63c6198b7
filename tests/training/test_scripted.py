"""The scripted writer on every rendering: what it stores, where, and that all its calls apply."""

from pathlib import Path

import pytest

from tests.training.conftest import Playable
from tests.training.making import instance, words
from training.episodes import Played, play
from training.policies.scripted import ScriptedWriter

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
def writer(assets: Path) -> ScriptedWriter:
    return ScriptedWriter(assets)


def read(writer: ScriptedWriter, *chunks: str) -> Played:
    (played,) = play(writer, [instance("a", chunks)], 512, words)
    assert all(call.applied for step in played.steps for call in step.calls)
    return played


def entries(played: Played) -> list[str]:
    return [entry.text for entry in played.entries()]


def test_labelled_samples_are_facts(writer: ScriptedWriter) -> None:
    played = read(writer, EXAMPLES)
    assert entries(played) == ["Who wrote Emma ? = label 3", "Where is Rome ? = label 4"]
    assert played.memory.core == ""


def test_passages_stand_under_their_titles_without_the_frame(writer: ScriptedWriter) -> None:
    played = read(writer, PASSAGES)
    assert entries(played) == [
        "Normans: The Normans came to Normandy in France. In 911 King Charles gave land to Rollo.",
        "Rome: It was built by Romulus, as the old story goes, and not in a day.",
    ]
    assert "Normandy" in played.memory.core and "Assistant" not in played.memory.core


def test_what_was_said_is_an_event_with_time_and_speaker(writer: ScriptedWriter) -> None:
    played = read(writer, CHAT)
    assert entries(played) == [
        "2018-05-03 14:20 549cc1: I moved to Utah in 2016 and I have two dogs",
        "2018-05-04 09:00 a54af4: my sister lives in Korea",
    ]
    assert {entry.id[0] for entry in played.entries()} == {"e"}


def test_books_without_the_frame(writer: ScriptedWriter) -> None:
    played = read(writer, BOOK)
    (text,) = entries(played)
    assert text.startswith("CHAPTER I Emma Woodhouse") and "Miss Taylor" in text
    assert "Ah!" not in text and "Remember" not in text and "Event" not in text


def test_core_counts_names_over_steps(writer: ScriptedWriter) -> None:
    once = read(writer, CHAT)
    twice = read(writer, CHAT, CHAT.replace("2018-05", "2018-06"))
    assert "Utah 1" in once.memory.core and "Korea 1" in once.memory.core
    assert "Utah 2" in twice.memory.core and "Korea 2" in twice.memory.core


def test_a_chunk_without_anything(writer: ScriptedWriter) -> None:
    played = read(writer, "", "<>[]", "[Dialogue at timestamp nowhere]\nlol")
    assert entries(played) == []


@pytest.mark.parametrize("source", ["squad_dev", "trec_fine", "hotpotqa_dev"])
def test_on_real_corpora_its_calls_apply_and_suit(
    writer: ScriptedWriter, playable: Playable, source: str
) -> None:
    for played in play(writer, playable(source)[:2], 512, words):
        calls = [call for step in played.steps for call in step.calls]
        assert len(calls) > 50
        assert sum(call.applied for call in calls) >= 0.99 * len(calls)
        assert sum(call.valid for call in calls) >= 0.95 * len(calls)
