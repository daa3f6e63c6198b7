"""Fixtures of the tests of training: instances of the real corpora."""

from collections import defaultdict
from collections.abc import Callable
from functools import cache

import pytest

from pipeline.chunking import ChunkedSource
from pipeline.core.columns import from_row, to_row
from pipeline.core.params import AgentParams, Params
from pipeline.core.schema import Question
from pipeline.questions.label_questions import make_label_questions
from pipeline.questions.source_questions import assign_source_questions
from pipeline.sources.parsed import ParsedSource
from training.memory.schema import EpisodeInput

Playable = Callable[[str], list[EpisodeInput]]


@pytest.fixture(scope="session")
def agent(params: Params) -> AgentParams:
    """Agent params of the starter set."""
    return params


@pytest.fixture(scope="session")
def playable(chunked: Callable[[str], tuple[ParsedSource, ChunkedSource]], params: Params) -> Playable:
    """The test instances of a source with its own questions, or with label questions; without any checks."""

    @cache
    def make(source: str) -> list[EpisodeInput]:
        parsed, source_chunks = chunked(source)
        rows, _ = assign_source_questions(parsed.questions, source_chunks.instances, source)
        label_params = params.sources[source].questions.label
        rows += make_label_questions(
            source_chunks.labelled_examples, source_chunks.instances, label_params, params.seed, source
        )
        questions: dict[str, list[Question]] = defaultdict(list)
        for row in rows:
            questions[row.instance].append(row.question)
        for instance in source_chunks.instances:
            instance.questions = questions[instance.id]
        return [from_row(EpisodeInput, to_row(one)) for one in source_chunks.instances if one.split == "test"]

    return make
