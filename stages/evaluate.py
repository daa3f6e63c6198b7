"""evaluate: every method and model on the test split and on stretched instances, into data/evaluation."""

from typing import Any

from pipeline.endpoint.asking import Asker
from pipeline.params import Params
from pipeline.text.tokens import Tokenizer
from stages.evaluating import (
    Lengths,
    Play,
    evaluate,
    first_of_each_source,
    method,
    read_tests,
    stretched,
    with_policy,
)
from stages.running import ASSETS, EVALUATION, run
from training.evaluation import Evaluator
from training.models import evaluator, model_policy
from training.params import AgentParams, PolicyModel, agent_params
from training.summary import Summary

_AGAINST = "bm25_chunks"


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write data/evaluation: index.html, tables, episodes/<method>.parquet, asked.parquet."""
    agent = agent_params(params)
    what = agent.evaluation
    tests = read_tests()
    lengths = {
        None: tests,
        **stretched(tests, what.stretch, "evaluation.stretch", what.questions, params.seed),
    }
    asker = Asker()
    who = evaluator(agent, Tokenizer(params.tokenizer, ASSETS).count, asker)
    plays = []
    for name in (*what.methods, *what.models):
        played = _played(lengths, what.models.get(name))
        plays.append((name, _play(name, who, agent, asker, played, params.seed), played))
    summary = Summary(what.resamples, params.seed, _AGAINST)
    return evaluate(EVALUATION, plays, summary, agent.answer, asker.asked)


def _played(lengths: Lengths, model: PolicyModel | None) -> Lengths:
    """What a method plays: everything, or as much as its model's params say."""
    if model is None:
        return lengths
    chosen = dict(lengths) if model.stretch else {}
    chosen[None] = first_of_each_source(lengths[None], model.instances)
    return chosen


def _play(name: str, who: Evaluator, agent: AgentParams, asker: Asker, played: Lengths, seed: int) -> Play:
    """How a method plays. A model is loaded here, and its prompts are tried, before anything is played."""
    if name not in agent.evaluation.models:
        return method(name, who)
    policy = model_policy(name, agent.evaluation.models[name], agent, asker, seed)
    policy.check(one for instances in played.values() for one in instances)
    return with_policy(who, policy)


if __name__ == "__main__":
    run(stage, "evaluate")
