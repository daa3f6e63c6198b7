"""Draw random episodes: instances with questions of all metrics, and replies that often fail."""

import random
from collections.abc import Sequence

from pipeline.core.question_templates import LABEL_INSTRUCTION
from tests.training.factories import count_words, make_instance, make_question
from training.memory.memory import Memory
from training.memory.schema import EpisodeInput, EpisodeQuestion
from training.policies import Observation
from training.policies.run_episodes import Trajectory, run_episodes
from training.policies.scripted import format_call

_PLACES = ("Oslo", "Leeds", "New York", "Rome", "York", "Bath")
_PEOPLE = ("Anna", "Ben", "Carla", "Dora")
_THINGS = ("boat", "red car", "dog", "piano", "house")
_LABELS = ("1", "2", "3")


class RandomPolicy:
    """The Policy of random calls: inserts, updates, deletes, and calls that are wrong in some way."""

    name = "random"
    batch_size = 1

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def act(self, observations: Sequence[Observation]) -> list[str]:
        return [
            "\n".join(self._draw_call(one.memory) for _ in range(self._random.randint(0, 5)))
            for one in observations
        ]

    def _draw_call(self, memory: Memory) -> str:
        draw = self._random
        memory_type = draw.choice(("semantic", "episodic", "episodic", "core"))
        ids = [entry.id for name in memory.lists for entry in memory.lists[name]]
        memory_id = draw.choice([*ids, "s99"])
        kind = draw.choice(("insert", "insert", "insert", "update", "update", "delete", "broken"))
        text = draw_sentence(draw)
        if kind == "insert":
            return format_call("new_memory_insert", {"memory_type": memory_type, "content": text})
        if kind == "update":
            arguments = {"memory_type": memory_type, "new_content": text}
            return format_call(
                "memory_update", arguments if memory_type == "core" else {**arguments, "memory_id": memory_id}
            )
        if kind == "delete":
            return format_call("memory_delete", {"memory_type": memory_type, "memory_id": memory_id})
        return f'<tool_call>{{"name": "new_memory_insert", "content": {text}</tool_call>'


def draw_sentence(draw: random.Random) -> str:
    """Draw a statement, a labelled sample, or several statements."""
    if draw.random() < 0.3:
        return f"How many {draw.choice(_THINGS)}s has {draw.choice(_PEOPLE)}? label {draw.choice(_LABELS)}"
    statements = [
        f"{draw.choice(_PEOPLE)} has a {draw.choice(_THINGS)} in {draw.choice(_PLACES)}."
        for _ in range(draw.choice((1, 1, 1, 2, 4)))
    ]
    return " ".join(statements)


def draw_question(draw: random.Random, num_chunks: int) -> EpisodeQuestion:
    """Draw a question of any metric; some are asked after an earlier chunk, some only a judge could score."""
    person, thing = draw.choice(_PEOPLE), draw.choice(_THINGS)
    text = f"Where is the {thing} of {person}?"
    after = draw.choice((None, None, draw.randrange(num_chunks)))
    kind = draw.choice(("contains", "aliases", "keywords", "f1", "wrong", "abstain", "label", "judge"))
    places = draw.sample(_PLACES, 3)
    match kind:
        case "contains":
            return make_question(text, places[0], after=after)
        case "aliases":
            return make_question(text, *places[:2], after=after)
        case "keywords":
            return make_question(text, *places, thing, metric="keywords", after=after)
        case "f1":
            return make_question(text, *places[:2], metric="token_f1", after=after)
        case "wrong":
            return make_question(text, places[0], wrong=places[1:], after=after)
        case "abstain":
            return make_question(text, metric="abstain", wrong=places[:2], after=after)
        case "label":
            sample = f"{LABEL_INSTRUCTION}How many {thing}s has {person}?"
            return make_question(sample, draw.choice(_LABELS), metric="exact", after=after)
        case _:
            return make_question(text, places[0], metric="judge", after=after)


def draw_instance(draw: random.Random, name: str, num_chunks: int) -> EpisodeInput:
    """Draw an instance of chunks with four statements each, and eight questions."""
    chunks = [" ".join(draw_sentence(draw) for _ in range(4)) for _ in range(num_chunks)]
    questions = [draw_question(draw, num_chunks) for _ in range(8)]
    return make_instance(name, chunks, questions)


def draw_trajectory(seed: int) -> Trajectory:
    """Draw an episode of 1 to 6 steps; in half of them the memory has a limit that calls reach."""
    draw = random.Random(seed)
    num_chunks = draw.randint(1, 6)
    questions = [draw_question(draw, num_chunks) for _ in range(draw.randint(1, 12))]
    chunks = [draw_sentence(draw) for _ in range(num_chunks)]
    instance: EpisodeInput = make_instance(str(seed), chunks, questions)
    limit = draw.choice((None, draw.randint(10, 60)))
    (trajectory,) = run_episodes(RandomPolicy(seed), [instance], 12, count_words, lambda _: limit)
    return trajectory
