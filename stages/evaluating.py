"""What evaluate and evaluate_trained share: instances to play, and methods that play them."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby, islice
from pathlib import Path

from tqdm import tqdm

from pipeline.errors import MemcurateError
from pipeline.params import Params
from pipeline.storage import read_rows, write_rows
from pipeline.text.tokens import Tokenizer
from stages.running import ASSETS, DATASET
from training.evaluation import Evaluator
from training.models import answerer, endpoint_chat
from training.params import AgentParams
from training.policies import Policy
from training.policies.scripted import ScriptedWriter
from training.schema import Episode, InstanceToPlay
from training.stretching import by_length
from training.summary import Summary

_COUNTS_KEPT = 1 << 14  # texts whose tokens are known: what is recalled for one question is for others too

Lengths = Mapping[int | None, Sequence[InstanceToPlay]]  # test instances, and stretched ones by their tokens
Play = Callable[[Sequence[InstanceToPlay], int | None], Iterator[Episode]]


def evaluator_of(params: Params, agent: AgentParams) -> Evaluator:
    """Who asks and rewards. Raises MemcurateError where a model that params name is not to be had."""
    who, longest = answerer(agent.answer)
    judge = endpoint_chat(agent.rewards.judge) if agent.rewards.judge else None
    count = lru_cache(_COUNTS_KEPT)(Tokenizer(params.tokenizer, ASSETS).count)
    return Evaluator(agent, count, who, longest, judge)


def read_tests() -> list[InstanceToPlay]:
    """The test split. Raises MemcurateError where it is empty."""
    tests = list(read_rows(DATASET / "test.parquet", InstanceToPlay))
    if not tests:
        raise MemcurateError(
            f"{DATASET / 'test.parquet'} holds no instance to evaluate on: run `dvc repro assemble`"
        )
    return tests


def stretched(
    tests: Sequence[InstanceToPlay], lengths: Sequence[int], key: str, questions: int, seed: int
) -> Lengths:
    """Test instances joined to each length of a params key; a length that no source has is told."""
    train = read_rows(DATASET / "train.parquet", InstanceToPlay)
    long = by_length(tests, train, lengths, questions, seed)
    for length, instances in long.items():
        if not instances:
            print(f"{key} {length} is left out: no source has so many tokens", file=sys.stderr)
    return dict(long)


def first_of_each_source(instances: Sequence[InstanceToPlay], count: int | None) -> list[InstanceToPlay]:
    """At most `count` instances of each source; None: all."""
    by_source = groupby(sorted(instances, key=lambda one: one.source), key=lambda one: one.source)
    return [instance for _, of in by_source for instance in islice(of, count)]


def method(name: str, evaluator: Evaluator) -> Play:
    """How a method without a model plays."""
    if name == "scripted":
        return with_policy(evaluator, ScriptedWriter(ASSETS))
    return lambda instances, stretch: evaluator.baseline(name, instances, stretch)


def with_policy(evaluator: Evaluator, policy: Policy) -> Play:
    """How a policy plays."""
    return lambda instances, stretch: evaluator.policy(policy, instances, stretch)


def write_episodes(folder: Path, name: str, play: Play, played: Lengths, summary: Summary) -> None:
    """Write episodes/<name>.parquet below a folder, and add the episodes to a summary."""
    (folder / "episodes").mkdir(exist_ok=True)
    rows = _episodes(name, play, played, summary)
    write_rows(folder / "episodes" / f"{name}.parquet", Episode, rows)


def _episodes(name: str, play: Play, played: Lengths, summary: Summary) -> Iterator[Episode]:
    """The episodes of a method, counted, with progress shown on a terminal."""
    total = sum(map(len, played.values()))
    with tqdm(total=total, desc=f"evaluate {name}", disable=None, leave=False) as progress:
        for stretch, instances in played.items():
            for episode in play(instances, stretch):
                summary.add(episode)
                progress.update()
                yield episode
