"""evaluate_trained: the trained policy beside the warm-started one and the methods without a model.

All play the same test instances, those of the training profile, with its memory and prompts.
"""

from typing import Any

from pipeline.errors import MemcurateError
from pipeline.folders import whole_folder
from pipeline.params import Params
from stages.evaluating import (
    evaluator_of,
    first_of_each_source,
    method,
    read_tests,
    stretched,
    with_policy,
    write_episodes,
)
from stages.running import TRAINED, TRAINED_EVALUATION, WARM_START, run
from training.chats.local import LocalChat
from training.lessons import lessons
from training.params import AgentParams, agent_params
from training.policies.model import ModelPolicy
from training.report.metrics import metrics
from training.report.page import write_report
from training.schema import InstanceToPlay
from training.summary import Summary

_POLICIES = {"trained": TRAINED, "warm_start": WARM_START}


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write data/trained_evaluation: index.html, tables for plots, episodes/<method>.parquet."""
    agent = agent_params(params)
    profile, what = agent.training.chosen, agent.evaluation
    tests = _tests(agent, params.seed)
    key = f"training.profiles.{agent.training.profile}.stretch"
    played = {None: tests, **stretched(tests, profile.stretch, key, what.questions, params.seed)}
    evaluator = evaluator_of(params, agent.model_copy(update={"memory": profile.memory}))
    summary = Summary(what.resamples, params.seed, "warm_start")
    with whole_folder(TRAINED_EVALUATION) as folder:
        for name, weights in _POLICIES.items():
            chat = LocalChat(str(weights), profile.at_once)
            policy = ModelPolicy(name, chat, profile.memory, profile.step, params.seed)
            policy.check(one for instances in played.values() for one in instances)
            write_episodes(folder, name, with_policy(evaluator, policy), played, summary)
        for name in what.methods:
            write_episodes(folder, name, method(name, evaluator), played, summary)
        tables = summary.tables()
        write_report(folder, tables, agent.answer)
    return metrics(tables)


def _tests(agent: AgentParams, seed: int) -> list[InstanceToPlay]:
    profile = agent.training.chosen
    tests = lessons(read_tests(), profile, None, seed)
    if not tests:
        raise MemcurateError(
            f"the test split has no instance of training profile {agent.training.profile}, whose sources are "
            f"{', '.join(profile.sources or ['all'])}: add one of them to `use`"
        )
    return first_of_each_source(tests, profile.tests)


if __name__ == "__main__":
    run(stage, "evaluate_trained")
