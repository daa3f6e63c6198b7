"""The updating scripted policy: one entry per person and attribute, which changes as they say."""

from pathlib import Path

import pytest

from pipeline.core.params import AgentParams
from tests.training.conftest import Playable
from tests.training.factories import count_words, make_instance
from tests.training.worlds import make_world_instance
from training.evaluation.answering.extractive import ExtractiveAnswerer
from training.evaluation.evaluator import Evaluator
from training.evaluation.memory_measures import mean_measures
from training.memory.memory import Memory
from training.policies import Observation
from training.policies.attribute_cues import find_attribute, find_intent
from training.policies.run_episodes import apply_reply, run_episodes
from training.policies.scripted import ScriptedPolicy
from training.policies.scripted_appending import AppendingPolicy
from training.policies.scripted_updating import UpdatingPolicy

ANNA = "Anna Keller"


@pytest.fixture(scope="module")
def policy(assets: Path) -> UpdatingPolicy:
    return UpdatingPolicy(assets)


def write(policy: ScriptedPolicy, *days: str) -> list[str]:
    """Return the entries after chunks of a day each; a chunk's lines are `Speaker: text`."""
    memory = Memory(count_words, 200)
    for number, day in enumerate(days, start=1):
        lines = [f"<{speaker}> {text}" for speaker, text in (line.split(": ", 1) for line in day.split("\n"))]
        chunk = "\n".join([f"[Dialogue at timestamp 2023-04-{number:02} 10:22]", f"<{ANNA}> Hello.", *lines])
        (reply,) = policy.act([Observation(memory, chunk)])
        calls = apply_reply(reply, memory, chunk)
        assert all(call.applied for call in calls), calls
    return [entry.text for entry in memory.lists["episodic"]]


def test_a_change_is_added_to_the_entry_with_its_time(policy: UpdatingPolicy) -> None:
    entries = write(
        policy,
        "User: I live in York.\nAnna Keller: I live in Oslo these days.",
        "User: I've moved to Leeds.",
        "User: My car is a Volvo.",
    )
    assert set(entries) == {
        "City of User; 2023-04-01 10:22 User: I live in York. 2023-04-02 10:22 User: I've moved to Leeds.",
        "City of Anna Keller; 2023-04-01 10:22 Anna Keller: I live in Oslo these days.",
        "Car of User; 2023-04-03 10:22 User: My car is a Volvo.",
    }


def test_a_correction_takes_the_place_of_what_it_takes_back(policy: UpdatingPolicy) -> None:
    entries = write(policy, "User: I live in York.", "User: I mistyped, not York. I live in Leeds.")
    assert entries == ["City of User; 2023-04-01 10:22 User: I live in Leeds."]


def test_plans_and_their_ends_change_nothing(policy: UpdatingPolicy) -> None:
    entries = write(
        policy,
        "User: I live in York.",
        "User: I'm planning to move to Leeds.",
        "User: The plan about my city fell through: no Leeds.",
    )
    assert entries == ["City of User; 2023-04-01 10:22 User: I live in York."]


def test_what_is_to_be_forgotten_is_deleted_for_that_person_alone(policy: UpdatingPolicy) -> None:
    said = "User: My door code is 4821.\nAnna Keller: My door code is 7777.\nUser: I live in York."
    entries = write(policy, said, "User: Please delete my door code from your notes.")
    assert set(entries) == {
        "Door code of Anna Keller; 2023-04-01 10:22 Anna Keller: My door code is 7777.",
        "City of User; 2023-04-01 10:22 User: I live in York.",
    }


def test_what_people_say_of_others_is_stored_as_it_is(policy: UpdatingPolicy) -> None:
    (entry,) = write(policy, "User: I heard that Bob Mills lives in Leeds.")
    assert entry == "2023-04-01 10:22 User: I heard that Bob Mills lives in Leeds."


def test_what_is_said_twice_in_a_chunk_stands_once(policy: UpdatingPolicy) -> None:
    assert write(policy, "User: I live in York.\nUser: I live in York.", "User: I live in York.") == [
        "City of User; 2023-04-01 10:22 User: I live in York."
    ]


def test_the_appending_policy_names_person_and_attribute_and_keeps_everything(assets: Path) -> None:
    days = [
        "User: I live in York.",
        "User: I mistyped, not York. I live in Leeds.",
        "User: Forget where I live.",
    ]
    entries = write(AppendingPolicy(assets), *days)
    assert entries == [
        "City of User; 2023-04-01 10:22 User: I live in York.",
        "City of User; 2023-04-02 10:22 User: I mistyped, not York. I live in Leeds.",
        "City of User; 2023-04-03 10:22 User: Forget where I live.",
    ]


@pytest.mark.parametrize(
    ("text", "intent", "attribute"),
    [
        ("I work for the town hall as an employee.", "state", "employer"),
        ("Forget my phone number, please.", "forget", "phone"),
        ("I always forget my phone number, it's 4711471.", "state", "phone"),
        ("I'd like to move to Rome one day.", "plan", "city"),
        ("Lovely weather.", "state", None),
    ],
)
def test_cues_tell_intent_and_attribute(text: str, intent: str, attribute: str | None) -> None:
    assert (find_intent(text), find_attribute(text)) == (intent, attribute)


def test_on_worlds_it_keeps_less_that_is_outdated_and_answers_better(
    policy: UpdatingPolicy, agent: AgentParams, assets: Path
) -> None:
    evaluator = Evaluator(agent, count_words, ExtractiveAnswerer(), 32_768)
    instances = [make_world_instance(name) for name in "abc"]
    scores, measures = [], []
    for one in (ScriptedPolicy(assets), AppendingPolicy(assets), policy):
        episodes = list(evaluator.evaluate_policy(one, instances, None))
        scores.append(sum(episode.correctness or 0 for episode in episodes))
        measures.append([mean_measures(episode.measures) for episode in episodes])
    inserted, appended, updated = scores
    assert updated > inserted + 0.15 and updated > appended + 0.1
    for inserting, _, updating in zip(*measures, strict=True):
        assert inserting is not None and updating is not None
        assert (updating.stale or 0) < (inserting.stale or 0)
        assert (updating.recall or 0) > 0.9


@pytest.mark.parametrize("source", ["longmemeval", "squad_dev", "trec_coarse"])
def test_outside_group_chats_it_writes_what_the_scripted_policy_writes(
    source: str, policy: UpdatingPolicy, playable: Playable, assets: Path
) -> None:
    instance = playable(source)[0]
    instance = make_instance("a", [chunk.text for chunk in instance.chunks[:6]])
    replies = []
    for one in (ScriptedPolicy(assets), AppendingPolicy(assets), policy):
        (trajectory,) = run_episodes(one, [instance], 512, count_words)
        replies.append([step.reply for step in trajectory.steps])
    assert replies[0] == replies[1] == replies[2] and any(replies[0])
