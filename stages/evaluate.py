"""evaluate: baselines and policies on the test split and on concatenated instances, in data/evaluation."""

from typing import Any

from pipeline.core.params import Params, PolicyParams
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
from stages.shared.paths import ASSETS_DIR, EVALUATION_DIR
from stages.shared.runner import run_stage
from training.evaluation.aggregate import EpisodeAggregator
from training.evaluation.evaluator import Evaluator
from training.evaluation.factory import build_evaluator, build_model_policy

_BASELINE_METHOD = "bm25_chunks"


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write data/evaluation: index.html, tables, episodes/<method>.parquet, model_calls.parquet."""
    evaluation = params.evaluation
    tests = read_test_instances()
    instances_by_length = {
        None: tests,
        **concatenate_to_lengths(
            tests,
            evaluation.context_lengths,
            "evaluation.context_lengths",
            evaluation.max_questions,
            params.seed,
        ),
    }
    client = LLMClient()
    evaluator = build_evaluator(params, Tokenizer(params.tokenizer, ASSETS_DIR).count, client)
    runners = []
    for name in (*evaluation.baselines, *evaluation.policies):
        instances = _select_instances(instances_by_length, evaluation.policies.get(name))
        runners.append((name, _make_runner(name, evaluator, params, client, instances), instances))
    settings = (evaluation.bootstrap_samples, params.seed, _BASELINE_METHOD)
    under_limits = (
        (limited_name, limited_runner, instances[None])
        for name, runner, instances in runners
        for limited_name, limited_runner in list_capacity_runners(name, runner, evaluator)
    )
    return run_evaluation(
        EVALUATION_DIR,
        runners,
        EpisodeAggregator(*settings),
        params.answer,
        client.model_calls,
        lambda: evaluate_capacities(under_limits, evaluation.capacities, *settings),
    )


def _select_instances(
    instances_by_length: InstancesByLength, policy: PolicyParams | None
) -> InstancesByLength:
    """Return the instances of a method; `evaluation.policies.NAME` may limit those of a model."""
    if policy is None:
        return instances_by_length
    selected = dict(instances_by_length) if policy.long_contexts else {}
    selected[None] = take_per_source(instances_by_length[None], policy.max_instances)
    return selected


def _make_runner(
    name: str,
    evaluator: Evaluator,
    params: Params,
    client: LLMClient,
    instances_by_length: InstancesByLength,
) -> EpisodeRunner:
    """Return the runner of a method. A model is loaded and its prompt lengths are checked at once."""
    if name not in params.evaluation.policies:
        return baseline_runner(name, evaluator)
    policy = build_model_policy(name, params.evaluation.policies[name], params, client, params.seed)
    policy.check_prompt_lengths(one for instances in instances_by_length.values() for one in instances)
    return policy_runner(evaluator, policy)


if __name__ == "__main__":
    run_stage(stage, "evaluate")
