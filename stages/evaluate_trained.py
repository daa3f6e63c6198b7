"""evaluate_trained: the trained policy beside the warm-started one and the methods without a model.

All play the same test instances, those of the training profile, with its memory and prompts.
"""

from collections.abc import Iterator
from typing import Any

from pipeline.endpoint.asking import Asker
from pipeline.errors import MemcurateError
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
from stages.running import ASSETS, TRAINED, TRAINED_EVALUATION, WARM_START, run
from training.chats.local import LocalChat
from training.evaluation import Evaluator
from training.lessons import lessons
from training.models import evaluator
from training.params import AgentParams, agent_params
from training.policies.model import ModelPolicy
from training.schema import InstanceToPlay
from training.summary import Summary

_POLICIES = {"trained": TRAINED, "warm_start": WARM_START}


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write data/trained_evaluation: index.html, tables, episodes/<method>.parquet, asked.parquet."""
    agent = agent_params(params)
    profile, what = agent.training.chosen, agent.evaluation
    tests = _tests(agent, params.seed)
    key = f"training.profiles.{agent.training.profile}.stretch"
    played = {None: tests, **stretched(tests, profile.stretch, key, what.questions, params.seed)}
    agent = agent.model_copy(update={"memory": profile.memory})
    asker = Asker()
    who = evaluator(agent, Tokenizer(params.tokenizer, ASSETS).count, asker)
    summary = Summary(what.resamples, params.seed, "warm_start")
    return evaluate(
        TRAINED_EVALUATION, _plays(agent, who, played, params.seed), summary, agent.answer, asker.asked
    )


def _plays(
    agent: AgentParams, who: Evaluator, played: Lengths, seed: int
) -> Iterator[tuple[str, Play, Lengths]]:
    """The policies, each loaded when it is its turn, and the methods without a model."""
    profile = agent.training.chosen
    for name, weights in _POLICIES.items():
        chat = LocalChat(str(weights), profile.at_once)
        policy = ModelPolicy(name, chat, profile.memory, profile.step, seed)
        policy.check(one for instances in played.values() for one in instances)
        yield name, with_policy(who, policy), played
    for name in agent.evaluation.methods:
        yield name, method(name, who), played


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
