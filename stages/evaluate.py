"""evaluate: every method and model on the test split and on stretched instances, into data/evaluation."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby, islice
from typing import Any

from tqdm import tqdm

from pipeline.errors import MemcurateError
from pipeline.folders import whole_folder
from pipeline.params import Params
from pipeline.storage import read_rows, write_rows
from pipeline.text.tokens import Tokenizer
from stages.running import ASSETS, DATASET, EVALUATION, run
from training.evaluation import Evaluator
from training.models import answerer, endpoint_chat, model_policy
from training.params import AgentParams, PolicyModel, agent_params
from training.policies import Policy
from training.policies.scripted import ScriptedWriter
from training.report.metrics import metrics
from training.report.page import write_report
from training.schema import Episode, InstanceToPlay
from training.stretching import by_length
from training.summary import Summary

_COUNTS_KEPT = 1 << 14  # texts whose tokens are known: what is recalled for one question is for others too

Lengths = Mapping[int | None, Sequence[InstanceToPlay]]  # test instances, and stretched ones by their tokens
Play = Callable[[Sequence[InstanceToPlay], int | None], Iterator[Episode]]


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write data/evaluation: index.html, tables for plots, episodes/<method>.parquet."""
    agent = agent_params(params)
    lengths = _lengths(agent, params.seed)
    who, longest = answerer(agent.answer)
    judge = endpoint_chat(agent.rewards.judge) if agent.rewards.judge else None
    count = lru_cache(_COUNTS_KEPT)(Tokenizer(params.tokenizer, ASSETS).count)
    evaluator = Evaluator(agent, count, who, longest, judge)
    played = {name: _played(lengths, agent.evaluation.models.get(name)) for name in _names(agent)}
    plays = {name: _play(name, evaluator, agent, played[name], params.seed) for name in played}
    summary = Summary(agent.evaluation.resamples, params.seed)
    with whole_folder(EVALUATION) as folder:
        (folder / "episodes").mkdir()
        for name, play in plays.items():
            rows = _episodes(name, play, played[name], summary)
            write_rows(folder / "episodes" / f"{name}.parquet", Episode, rows)
        tables = summary.tables()
        write_report(folder, tables, agent.answer)
    return metrics(tables)


def _names(agent: AgentParams) -> list[str]:
    return [*agent.evaluation.methods, *agent.evaluation.models]


def _lengths(agent: AgentParams, seed: int) -> Lengths:
    """The test instances as they are, and stretched."""
    tests = list(read_rows(DATASET / "test.parquet", InstanceToPlay))
    if not tests:
        raise MemcurateError(
            f"{DATASET / 'test.parquet'} holds no instance to evaluate on: run `dvc repro assemble`"
        )
    train = read_rows(DATASET / "train.parquet", InstanceToPlay)
    long = by_length(tests, train, agent.evaluation.stretch, agent.evaluation.questions, seed)
    for length, instances in long.items():
        if not instances:
            told = f"evaluate: evaluation.stretch {length} is left out: no source has so many tokens"
            print(told, file=sys.stderr)
    return {None: tests} | long


def _played(lengths: Lengths, model: PolicyModel | None) -> Lengths:
    """What a method plays: everything, or as much as its model's params say."""
    if model is None:
        return lengths
    tests = lengths[None]
    if model.instances is not None:
        by_source = groupby(tests, key=lambda one: one.source)
        tests = [instance for _, of in by_source for instance in islice(of, model.instances)]
    chosen = dict(lengths) if model.stretch else {}
    chosen[None] = tests
    return chosen


def _play(name: str, evaluator: Evaluator, agent: AgentParams, played: Lengths, seed: int) -> Play:
    """How a method plays. A model is loaded here, and its prompts are tried, before anything is played."""
    if name in agent.evaluation.models:
        policy = model_policy(name, agent.evaluation.models[name], agent, seed)
        policy.check(one for instances in played.values() for one in instances)
        return _with(evaluator, policy)
    if name == "scripted":
        return _with(evaluator, ScriptedWriter(ASSETS))
    return lambda instances, stretch: evaluator.baseline(name, instances, stretch)


def _with(evaluator: Evaluator, policy: Policy) -> Play:
    return lambda instances, stretch: evaluator.policy(policy, instances, stretch)


def _episodes(name: str, play: Play, played: Lengths, summary: Summary) -> Iterator[Episode]:
    """The episodes of a method, counted, with progress shown on a terminal."""
    total = sum(map(len, played.values()))
    with tqdm(total=total, desc=f"evaluate {name}", disable=None, leave=False) as progress:
        for stretch, instances in played.items():
            for episode in play(instances, stretch):
                summary.add(episode)
                progress.update()
                yield episode


if __name__ == "__main__":
    run(stage, "evaluate")
