"""Groups without variance give way to fresh tasks: in real runs, after a resume, in two processes."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from pipeline.core.params import AgentParams, TrainingProfile
from tests.training.factories import count_words, make_instance, make_question
from tests.training.rl.factories import (
    make_profile,
    make_tokenizer,
    measure_left_fraction,
    write_model,
    write_small_model,
)
from tests.training.rl.processes import run_in_processes
from tests.training.rl.replacement_bandit import FAILED, NUM_TASKS, SOLVED, CountedBandit, PartlySolvedBandit
from tests.training.tokenizer_factories import make_byte_level_tokenizer
from training.evaluation.answering.extractive import ExtractiveAnswerer
from training.evaluation.evaluator import Evaluator
from training.policies.chats.template import ChatTemplate
from training.rl.group_replacement import BatchTasks, collect_varied, find_varied_tasks
from training.rl.rollouts import MemoryRolloutCollector, RolloutBatch, Transition
from training.rl.run_dir import RunDir
from training.rl.train import train

CHANGES: dict[str, object] = {
    "num_batches": 8,
    "instances_per_batch": 4,
    "eval_every": 2,
    "max_replaced_fraction": 0.5,
    "task_pool": "difficulty",
}


def run(model: Path, run_dir: RunDir, bandit: PartlySolvedBandit, profile: TrainingProfile) -> None:
    with run_dir.hold_lock():
        train(model, make_tokenizer(), bandit, NUM_TASKS, measure_left_fraction, profile, 1, run_dir)


def read_figures(run_dir: RunDir) -> list[dict[str, float]]:
    """The log without measured times."""
    return [
        {
            name: value
            for name, value in line.items()
            if not name.endswith(("_time", "seconds", "_fraction", "_per_second"))
        }
        for line in run_dir.read_log()
    ]


def test_a_run_replaces_and_counts(tmp_path: Path) -> None:
    run_dir, bandit = RunDir(tmp_path / "run"), PartlySolvedBandit()
    run(write_model(tmp_path / "model"), run_dir, bandit, make_profile(**CHANGES))
    lines = [line for line in run_dir.read_log() if "loss" in line]
    outcomes = run_dir.read_outcomes()
    assert [one.update for one in outcomes] == [line["update"] for line in lines] == list(range(1, 9))
    for line, one in zip(lines, outcomes, strict=True):
        assert not (SOLVED | FAILED).intersection(one.varied)
        assert len(one.varied) + len(one.alike) == 4 + line["replaced_groups"]
        assert line["zero_std_groups"] == 4 - len(one.varied)
        assert line["replaced_groups"] <= 2
    assert sum(line["replaced_groups"] for line in lines) > 2
    ran = [task for tasks in bandit.rounds for task in tasks]
    assert len(ran) == 4 * sum(len(one.varied) + len(one.alike) for one in outcomes)


@pytest.mark.parametrize("changes", [{"task_pool": "uniform"}, {"max_replaced_fraction": 0.0}, {}])
def test_a_killed_run_ends_like_an_unbroken_one(tmp_path: Path, changes: dict[str, object]) -> None:
    """It dies after a batch that is later than its checkpoint, in a round of fresh tasks or of drawn ones."""
    profile = make_profile(**{**CHANGES, **changes})
    model = write_model(tmp_path / "model")
    unbroken, broken = RunDir(tmp_path / "unbroken"), RunDir(tmp_path / "broken")
    run(model, unbroken, PartlySolvedBandit(), profile)
    for fails_at in (4, 5):
        with pytest.raises(InterruptedError):
            run(model, broken, PartlySolvedBandit(fails_at), profile)
    assert broken.find_last_checkpoint() is not None
    run(model, broken, PartlySolvedBandit(), profile)
    assert read_figures(broken) == read_figures(unbroken)
    assert broken.read_outcomes() == unbroken.read_outcomes()
    one, other = (
        load_file(folder.checkpoints_dir / "checkpoint-8" / "model.safetensors")
        for folder in (unbroken, broken)
    )
    assert max(float((one[name] - other[name]).abs().max()) for name in one) < 1e-6


def test_episodes_of_the_memory_agent_are_replaced_and_resumed(tmp_path: Path, agent: AgentParams) -> None:
    """The real collector, and a random model of real tokens, whose groups have little variance."""
    tokenizer = make_byte_level_tokenizer()
    pad, end = tokenizer.pad_token_id, tokenizer.eos_token_id
    write_small_model(tmp_path / "model", len(tokenizer), positions=4096, pad=pad, end=end)
    tokenizer.save_pretrained(tmp_path / "model")
    profile = make_profile(
        **{**CHANGES, "loss": "dapo", "num_batches": 2, "eval_every": 1, "instances_per_batch": 2},
        advantage_group="step",
    )
    instances = [
        make_instance(str(number), ["one", "two"][: number % 2 + 1], [make_question("q", "x")])
        for number in range(5)
    ]
    collector = MemoryRolloutCollector(
        instances,
        ChatTemplate(tokenizer),
        Evaluator(agent, count_words, ExtractiveAnswerer(), 32_768),
        profile.memory,
        profile.generation.model_copy(update={"max_prompt_tokens": 3000}),
        "step",
    )
    run_dir = RunDir(tmp_path / "run")
    with run_dir.hold_lock():
        train(
            tmp_path / "model",
            tokenizer,
            collector,
            5,
            lambda generate, update: {"total": float(len(generate([[5]])[0].tokens))},
            profile,
            1,
            run_dir,
        )
    lines, outcomes = [line for line in run_dir.read_log() if "loss" in line], run_dir.read_outcomes()
    assert len(lines) == len(outcomes) == 2
    for line, one in zip(lines, outcomes, strict=True):
        assert len(one.varied) + len(one.alike) == 2 + line["replaced_groups"]
        assert line["replaced_groups"] == min(len(one.alike), 1)


def collect_alone(groups: Sequence[int], fresh: Sequence[int]) -> Any:
    tasks = BatchTasks(groups, [group for group in range(len(groups)) for _ in range(4)], fresh)
    return collect_varied(tasks, lambda own: CountedBandit().collect(own, lambda _: None), list)


def test_a_fresh_task_without_variance_is_replaced_too() -> None:
    batch = collect_alone([0, 1, 5, 2], [3, 4, 8, 6])
    assert batch.varied == [6, 1, 4, 2] and sorted(batch.alike) == [0, 3, 5, 8]
    assert {row.task for row in batch.rollouts.transitions} == {1, 2, 4, 6}
    assert batch.rollouts.metrics["replaced_groups"] == 4
    assert batch.rollouts.metrics["zero_std_groups"] == 0
    dropped = sum(4 * 2 * (task % 3 + 1) for task in (0, 3, 5, 8))
    assert batch.rollouts.dropped_tokens == dropped


def test_without_fresh_tasks_groups_stay_and_are_counted() -> None:
    batch = collect_alone([0, 1, 5, 2], [3])
    assert batch.varied == [1, 2] and sorted(batch.alike) == [0, 3, 5]
    assert {row.task for row in batch.rollouts.transitions} == {3, 1, 5, 2}
    assert batch.rollouts.metrics == {"replaced_groups": 1, "zero_std_groups": 2}


def test_a_task_drawn_twice_is_one_group() -> None:
    batch = collect_alone([0, 1, 0], [2, 4])
    assert batch.varied == [2, 1] and batch.alike == [0]
    assert len(batch.rollouts.transitions) == 4 * (3 + 2 + 3)
    assert batch.rollouts.metrics["replaced_groups"] == 1


def test_a_task_varies_where_one_of_its_groups_does() -> None:
    nan = float("nan")
    rows = [
        (1, "a", 0.5),
        (1, "a", 0.5),
        (1, "b", 0.1),
        (1, "b", 0.2),
        (2, "c", nan),
        (2, "c", 1.0),
        (3, "d", nan),
    ]
    assert find_varied_tasks(rows) == {1}
    with pytest.raises(ValueError, match="the collector leaves out"):
        find_varied_tasks([(None, "a", 0.5)])


def test_a_row_names_its_task() -> None:
    tasks = BatchTasks([1], [0, 0], [])
    rows = [Transition([4], [2], 0.0, "a"), Transition([4], [2], 1.0, "a")]
    with pytest.raises(ValueError, match="the collector leaves out"):
        collect_varied(tasks, lambda _: RolloutBatch(rows, {}), list)


@pytest.mark.slow
def test_two_processes_replace_as_one(tmp_path: Path) -> None:
    """Five groups of four episodes in two processes: one group is in both."""
    model = write_model(tmp_path / "model")
    reports = []
    for processes in (1, 2):
        output = run_in_processes(processes, "replacement_bandit.py", tmp_path, model)
        reports.append([json.loads(line) for line in re.findall(r"BATCH (.*)", output)])
    one, two = reports
    assert len(one) == 3 and len(two) == 6
    decisions = [batch[:3] for batch in one]
    assert sorted(map(str, (batch[:3] for batch in two))) == sorted(map(str, decisions * 2))
    assert sum(batch[3] for batch in two) == pytest.approx(sum(batch[3] for batch in one), rel=1e-6)
    assert sum(batch[2]["replaced_groups"] for batch in one) > 2
