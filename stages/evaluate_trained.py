"""evaluate_trained: the trained and the warm-started policy and the baselines, in data/trained_evaluation.

All run on the same test instances, those of the training profile, with its memory and prompts; then again
under each limit of `evaluation.capacities`.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from pipeline.core.errors import MemcurateError
from pipeline.core.params import Params
from pipeline.llm.client import LLMClient
from pipeline.text.tokens import Tokenizer
from stages.shared.evaluation_runner import (
    EpisodeRunner,
    InstancesByLength,
    baseline_runner,
    concatenate_to_lengths,
    evaluate_capacities,
    list_capacity_runners,
    policy_runner,
    read_test_instances,
    run_evaluation,
    take_per_source,
)
from stages.shared.learned import RESULTS_FILE, describe_learning
from stages.shared.paths import ASSETS_DIR, TRAINED_EVALUATION_DIR, TRAINED_MODEL_DIR, WARM_START_DIR
from stages.shared.runner import run_stage
from training.evaluation.aggregate import EpisodeAggregator
from training.evaluation.evaluator import Evaluator, is_scored
from training.evaluation.factory import build_evaluator
from training.memory.schema import EpisodeInput
from training.policies.chats.local import LocalChatModel
from training.policies.model import ModelPolicy
from training.rl.hardware import uses_bf16
from training.rl.tasks import select_tasks

_POLICY_DIRS = {"trained": TRAINED_MODEL_DIR, "warm_start": WARM_START_DIR}


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write data/trained_evaluation: index.html, tables, episodes/<method>.parquet, model_calls.parquet."""
    profile, evaluation = params.training.active_profile, params.evaluation
    tests = select_tests(params)
    key = f"training.profiles.{params.training.profile}.context_lengths"
    instances_by_length = {
        None: tests,
        **concatenate_to_lengths(tests, profile.context_lengths, key, evaluation.max_questions, params.seed),
    }
    params = params.model_copy(update={"memory": profile.memory})
    client = LLMClient()
    evaluator = build_evaluator(params, Tokenizer(params.tokenizer, ASSETS_DIR).count, client)
    settings = (evaluation.bootstrap_samples, params.seed, "warm_start")
    under_limits = (
        (name, runner, tests)
        for name, runner, _ in _make_runners(params, evaluator, {None: tests}, is_limited=True)
    )
    metrics = run_evaluation(
        TRAINED_EVALUATION_DIR,
        _make_runners(params, evaluator, instances_by_length, profile.memory.max_tokens is not None),
        EpisodeAggregator(*settings),
        params.answer,
        client.model_calls,
        lambda: evaluate_capacities(under_limits, evaluation.capacities, *settings),
    )
    with RESULTS_FILE.open(encoding="utf-8") as lines:
        print(f"evaluate_trained: {describe_learning(lines)}")
    return metrics


def _make_runners(
    params: Params, evaluator: Evaluator, instances_by_length: InstancesByLength, is_limited: bool
) -> Iterator[tuple[str, EpisodeRunner, InstancesByLength]]:
    """Yield the runner of each policy, loaded when it is requested, and of each baseline.

    The scripted policies make room where the memory `is_limited`.
    """
    profile = params.training.active_profile
    for name, weights in _POLICY_DIRS.items():
        chat = LocalChatModel(str(weights), profile.generation_batch_size, uses_bf16(profile))
        policy = ModelPolicy(name, chat, profile.memory, profile.generation, params.seed)
        policy.check_prompt_lengths(one for instances in instances_by_length.values() for one in instances)
        yield name, policy_runner(evaluator, policy), instances_by_length
    for name in params.evaluation.baselines:
        runner = baseline_runner(name, evaluator)
        runners = list_capacity_runners(name, runner, evaluator) if is_limited else [(name, runner)]
        yield from ((one_name, one_runner, instances_by_length) for one_name, one_runner in runners)


def select_tests(params: Params) -> list[EpisodeInput]:
    """Return the test instances of the active profile, as it cuts them; raises MemcurateError without any."""
    profile = params.training.active_profile
    can_score = partial(is_scored, answer=params.answer)
    tests = select_tasks(read_test_instances(), profile, None, params.seed, can_score)
    if not tests:
        raise MemcurateError(
            f"the test split has no instance of training profile {params.training.profile}, whose sources "
            f"are {', '.join(profile.sources or ['all'])}: add one of them to `enabled_sources`"
        )
    return take_per_source(tests, profile.max_test_instances)


if __name__ == "__main__":
    run_stage(stage, "evaluate_trained")
