"""Real instances to play, made out of the real corpora."""

from collections import defaultdict
from collections.abc import Callable
from functools import cache

import pytest

from pipeline.chunking import Chunked
from pipeline.documents import Parsed
from pipeline.params import Params
from pipeline.questions.carried import carry_over
from pipeline.questions.held_out import ask_labels
from pipeline.schema import Question, from_row, to_row
from training.params import AgentParams, agent_params
from training.schema import InstanceToPlay

Playable = Callable[[str], list[InstanceToPlay]]


@pytest.fixture(scope="session")
def agent(params: Params) -> AgentParams:
    """The agent of the starter set."""
    return agent_params(params)


@pytest.fixture(scope="session")
def playable(chunked: Callable[[str], tuple[Parsed, Chunked]], params: Params) -> Playable:
    """The test instances of a source with its own questions, or with questions for labels; unchecked."""

    @cache
    def make(source: str) -> list[InstanceToPlay]:
        parsed, made = chunked(source)
        rows, _ = carry_over(parsed.questions, made.instances, source)
        wanted = params.sources[source].questions.held_out
        rows += ask_labels(made.pool, made.instances, wanted, params.seed, source)
        asked: dict[str, list[Question]] = defaultdict(list)
        for row in rows:
            asked[row.instance].append(row.question)
        for instance in made.instances:
            instance.questions = asked[instance.id]
        return [from_row(InstanceToPlay, to_row(one)) for one in made.instances if one.split == "test"]

    return make
