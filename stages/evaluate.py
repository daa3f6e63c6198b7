"""evaluate: every method and model on the test split and on stretched instances, into data/evaluation."""

from typing import Any

from pipeline.folders import whole_folder
from pipeline.params import Params
from stages.evaluating import (
    Lengths,
    Play,
    evaluator_of,
    first_of_each_source,
    method,
    read_tests,
    stretched,
    with_policy,
    write_episodes,
)
from stages.running import EVALUATION, run
from training.evaluation import Evaluator
from training.models import model_policy
from training.params import AgentParams, PolicyModel, agent_params
from training.report.metrics import metrics
from training.report.page import write_report
from training.summary import Summary

_AGAINST = "bm25_chunks"


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write data/evaluation: index.html, tables for plots, episodes/<method>.parquet."""
    agent = agent_params(params)
    what = agent.evaluation
    tests = read_tests()
    lengths = {
        None: tests,
        **stretched(tests, what.stretch, "evaluation.stretch", what.questions, params.seed),
    }
    evaluator = evaluator_of(params, agent)
    played = {name: _played(lengths, what.models.get(name)) for name in (*what.methods, *what.models)}
    plays = {name: _play(name, evaluator, agent, played[name], params.seed) for name in played}
    summary = Summary(what.resamples, params.seed, _AGAINST)
    with whole_folder(EVALUATION) as folder:
        for name, play in plays.items():
            write_episodes(folder, name, play, played[name], summary)
        tables = summary.tables()
        write_report(folder, tables, agent.answer)
    return metrics(tables)


def _played(lengths: Lengths, model: PolicyModel | None) -> Lengths:
    """What a method plays: everything, or as much as its model's params say."""
    if model is None:
        return lengths
    chosen = dict(lengths) if model.stretch else {}
    chosen[None] = first_of_each_source(lengths[None], model.instances)
    return chosen


def _play(name: str, evaluator: Evaluator, agent: AgentParams, played: Lengths, seed: int) -> Play:
    """How a method plays. A model is loaded here, and its prompts are tried, before anything is played."""
    if name not in agent.evaluation.models:
        return method(name, evaluator)
    policy = model_policy(name, agent.evaluation.models[name], agent, seed)
    policy.check(one for instances in played.values() for one in instances)
    return with_policy(evaluator, policy)


if __name__ == "__main__":
    run(stage, "evaluate")
