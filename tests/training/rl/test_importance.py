"""Samples of a sampler that is not quite the trainer's model: log probabilities, and weights from them."""

from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from transformers import AutoModelForCausalLM

from pipeline.core.errors import MemcurateError
from pipeline.core.params import AgentParams, MemoryParams, TrainingProfile
from tests.training.factories import count_words, make_instance, make_question
from tests.training.rl.factories import (
    TwoArmedBandit,
    make_profile,
    make_tokenizer,
    measure_left_fraction,
    write_model,
)
from tests.training.rl.loss_reference import ROWS, Clip, accumulate, copy_gradients, reference_loss, row_logps
from tests.training.rl.test_grpo_trainer import make_trainer, max_difference
from tests.training.rl.test_losses import LOSSES, WEIGHTS
from tests.training.tokenizer_factories import make_byte_level_tokenizer
from training.evaluation.answering.extractive import ExtractiveAnswerer
from training.evaluation.evaluator import Evaluator
from training.policies.chats.sampling import Completion
from training.policies.chats.template import ChatTemplate
from training.rl.rollouts import MemoryRolloutCollector, Transition
from training.rl.run_dir import RunDir
from training.rl.train import train

CAP = 1.05


def sampled_rows(model: Any, scale: float = 0.05) -> list[Transition]:
    """ROWS with the log probabilities of a sampler whose weights are off by random numbers."""
    sampler = AutoModelForCausalLM.from_config(model.config)
    sampler.load_state_dict(model.state_dict())
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weights in sampler.parameters():
            weights += scale * torch.randn(weights.shape, generator=generator)
        return [
            Transition(row.prompt, row.completion, row.reward, row.group_id, row_logps(sampler, row).tolist())
            for row in ROWS
        ]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("parts", [1, 4])
def test_tokens_count_by_their_truncated_importance(tmp_path: Path, loss: str, parts: int) -> None:
    model = AutoModelForCausalLM.from_pretrained(write_model(tmp_path / "start"))
    rows = sampled_rows(model)
    changes: dict[str, object] = {"loss": loss, "importance_cap": CAP, "steps_per_generation": parts}
    trainer = make_trainer(tmp_path, rows, instances_per_batch=1, **changes)
    trainer._importance_cap = CAP
    batch = trainer._generate_and_score_completions([{}])
    value = accumulate(trainer, batch)
    gradients = copy_gradients(trainer.model)
    trainer.model.zero_grad()
    logps = [row_logps(trainer.model, row) for row in rows]
    ratios = [(one.detach() - torch.tensor(row.logps)).exp() for one, row in zip(logps, rows, strict=True)]
    assert torch.cat(ratios).max() > CAP > 1 > torch.cat(ratios).min()
    weights = [weight * ratio.clamp(max=CAP) for weight, ratio in zip(WEIGHTS, ratios, strict=True)]
    expected = reference_loss(logps, [one.detach() for one in logps], weights, loss, Clip(0.2, 0.2))
    expected.backward()
    assert value == pytest.approx(float(expected.detach()), abs=1e-6)
    assert max_difference(gradients, copy_gradients(trainer.model)) < 1e-6
    metrics = {name: values[-1] for name, values in trainer._metrics["train"].items()}
    assert metrics["sampling/importance_ratio"] == pytest.approx(
        float(torch.cat(ratios).clamp(max=CAP).mean()), abs=1e-6
    )
    assert metrics["sampling/logp_difference"] == pytest.approx(
        float(torch.cat(ratios).log().abs().mean()), abs=1e-6
    )
    assert metrics["sampling/capped_fraction"] == pytest.approx(
        float((torch.cat(ratios) > CAP).float().mean())
    )


def test_equal_probabilities_change_nothing(tmp_path: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(write_model(tmp_path / "start"))
    rows = sampled_rows(model, scale=0.0)
    trainer = make_trainer(tmp_path, rows, instances_per_batch=1, steps_per_generation=1)
    accumulate(trainer, trainer._generate_and_score_completions([{}]))
    plain = copy_gradients(trainer.model)
    trainer._importance_cap = CAP
    accumulate(trainer, trainer._generate_and_score_completions([{}]))
    assert max_difference(plain, copy_gradients(trainer.model)) < 1e-6


def test_a_cap_without_log_probabilities_is_an_error(tmp_path: Path) -> None:
    trainer = make_trainer(tmp_path, ROWS, instances_per_batch=1, steps_per_generation=1)
    trainer._importance_cap = CAP
    with pytest.raises(MemcurateError, match="gives no log probabilities"):
        trainer._generate_and_score_completions([{}])
    with pytest.raises(ValidationError, match="needs the log probabilities of samples"):
        changed = make_profile(importance_cap=2.0, generation_backend="continuous")
        TrainingProfile.model_validate(changed.model_dump())


def test_a_run_with_correction_learns_and_logs_it(tmp_path: Path) -> None:
    run_dir = RunDir(tmp_path / "run")
    start = write_model(tmp_path / "model")
    profile = make_profile(num_batches=30, eval_every=30, importance_cap=2.0)
    with run_dir.hold_lock():
        train(start, make_tokenizer(), TwoArmedBandit(), 6, measure_left_fraction, profile, 1, run_dir)
    log = run_dir.read_log()
    totals = [line["validation/total"] for line in log if "validation/total" in line]
    assert totals[0] < 0.3 and totals[-1] >= 0.8, totals
    differences = [line["sampling/logp_difference"] for line in log if "loss" in line]
    assert len(differences) == 30 and all(0 <= one < 0.05 for one in differences)
    assert all(abs(line["sampling/importance_ratio"] - 1) < 0.05 for line in log if "loss" in line)


def test_the_collector_keeps_the_log_probabilities_and_the_task_of_every_step(agent: AgentParams) -> None:
    tokenizer = make_byte_level_tokenizer()
    calls: list[list[float]] = []

    def generate(prompts: list[list[int]]) -> list[Completion]:
        first = len(calls)
        calls.extend([-float(first + index), -0.5] for index in range(len(prompts)))
        completion = [*tokenizer.encode("x")[:1], tokenizer.eos_token_id]
        return [Completion(completion, own) for own in calls[first:]]

    collector = MemoryRolloutCollector(
        [make_instance("a", ["one", "two"], [make_question("q", "x")]), make_instance("b", ["one"])],
        ChatTemplate(tokenizer),
        Evaluator(agent, count_words, ExtractiveAnswerer(), 32_768),
        MemoryParams(core_tokens=16, max_prompt_entries=2),
        make_profile().generation.model_copy(update={"max_prompt_tokens": 4096}),
        "instance",
    )
    rows = collector.collect([0, 1, 0], generate).transitions
    assert [row.logps for row in rows] == calls and len(calls) == 5
    assert [row.task for row in rows] == [0, 1, 0, 0, 0]
    assert [row.group_id for row in rows] == ["made/a", "made/b", "made/a", "made/a", "made/a"]
