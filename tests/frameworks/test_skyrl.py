"""The package for SkyRL: its environment and generator play the episodes of the project's own loop."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.storage import write_rows
from pipeline.text.tokens import TokenCounter
from tests.frameworks.exported import Export, make_export, write_dataset
from tests.frameworks.own_loop import (
    RANDOM_CASES,
    REWARDS,
    STEPS,
    OwnEpisode,
    assert_same_rewards,
    draw_instances,
    draw_reply_to,
    limit_params,
    play_own_loop,
    play_writers,
    read_report,
    weigh_measures,
)
from tests.frameworks.replay_server import serve_replies
from tests.frameworks.virtual_environments import FrameworkVenv
from tests.training.environment.datasets import make_rows
from tests.training.tokenizer_factories import make_byte_level_tokenizer
from training.credit.assign import CreditName
from training.environment import DEFAULT_PARAMS
from training.memory.prompts import Message
from training.memory.schema import EpisodeInput

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("skyrl_generator.py")
Played = tuple[dict[str, OwnEpisode], dict[str, str]]


@pytest.fixture
def export(tmp_path: Path, assets: Path, skyrl_venv: FrameworkVenv) -> Export:
    return make_export(tmp_path, "skyrl", skyrl_venv, assets)


@pytest.fixture
def played(
    export: Export, mixed_instances: list[EpisodeInput], count_tokens: TokenCounter, assets: Path
) -> Played:
    """Export instances; return their episodes, and the reply to each user message.

    Measures of the memory have weights.
    """
    params = weigh_measures()
    export([replace(one, split="train") for one in mixed_instances], params)
    return play_writers(mixed_instances, params, count_tokens, assets)


def roll_out(venv: FrameworkVenv, folder: Path, url: str, *options: str) -> tuple[list[dict[str, Any]], str]:
    """Roll out all rows by the package's command; return the episodes that it wrote, and its report."""
    command = ("-m", "memcurate_memory.rollout", "rows.parquet", "--base-url", url, "--model", "m", *options)
    done = venv.run("python", *command, cwd=folder)
    assert done.returncode == 0, done.stderr[-5000:]
    lines = (folder / "rollouts.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines], done.stdout


def assert_equal(found: Mapping[str, Any], own: OwnEpisode) -> None:
    """Compare an episode of the framework with one of the own loop: prompts, rewards and credit."""
    assert [turn["prompt"] for turn in found["turns"]] == own.prompts
    info, total = found["info"], found["reward"]
    scores = [one["score"] for one in info["answers"]]
    assert_same_rewards(own, info, total, info["step_rewards"], scores)
    measured = found["metrics"]
    assert measured["total"] == info["total"] == total
    assert measured == {name: info[name] for name in measured}


@pytest.mark.parametrize(("credit", "max_tokens"), RANDOM_CASES)
def test_random_and_broken_replies(
    credit: CreditName,
    max_tokens: int | None,
    export: Export,
    skyrl_venv: FrameworkVenv,
    tmp_path: Path,
    count_tokens: TokenCounter,
) -> None:
    params, instances = limit_params(max_tokens), draw_instances(credit)
    own = {one.id: play_own_loop(one, draw_reply_to, params, count_tokens, credit) for one in instances}
    scored = {name: one for name, one in own.items() if one.episode.correctness is not None}
    export(instances, params)
    printed = write_dataset(skyrl_venv, tmp_path, "--credit", credit)
    assert f"question that can be scored: {len(own) - len(scored)}" in printed
    with serve_replies(lambda body: draw_reply_to(body["messages"])) as (url, requests):
        episodes, _ = roll_out(skyrl_venv, tmp_path, url)
    assert [one["instance"] for one in episodes] == list(scored) and len(scored) > 60
    assert len(requests) == len(scored) * STEPS
    for episode in episodes:
        assert_equal(episode, scored[episode["instance"]])


def test_the_replies_of_writers_and_of_a_model(
    played: Played, skyrl_venv: FrameworkVenv, tmp_path: Path
) -> None:
    """The report has the means of the rewards by their names."""
    own, replies = played
    write_dataset(skyrl_venv, tmp_path)
    with serve_replies(lambda body: replies[body["messages"][1]["content"]]) as (url, requests):
        episodes, printed = roll_out(skyrl_venv, tmp_path, url, "--max-tokens", "99", "--temperature", "0.5")
    assert {one["instance"] for one in episodes} == own.keys()
    for episode in episodes:
        assert_equal(episode, own[episode["instance"]])
    report = read_report(printed)
    for name in (*REWARDS, "total"):
        values = [getattr(one.episode, name) for one in own.values()]
        assert report[name] == pytest.approx(sum(values) / len(values), abs=1e-4)
    assert report["reward"] == report["total"] and report["correctness"] > 1 / 3
    assert {"recall", "stale", "forgotten"} <= report.keys()
    assert {(one["max_completion_tokens"], one["temperature"]) for one in requests} == {(99, 0.5)}


def test_the_generator_of_skyrl_makes_a_fresh_prompt_of_each_chunk(
    played: Played, skyrl_venv: FrameworkVenv, tmp_path: Path
) -> None:
    """The agent loop of the trainer, over tokens: each step is a sequence of a prompt and a reply."""
    own, texts = played
    write_dataset(skyrl_venv, tmp_path)
    tokenizer = make_byte_level_tokenizer()
    tokenizer.save_pretrained(tmp_path / "tokenizer")

    def encode(prompt: Sequence[Message]) -> list[int]:
        chat = [dict(message) for message in prompt]
        found = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=False)
        return [int(one) for one in found]

    replies = {
        tuple(encode(prompt)): [
            *tokenizer.encode(texts[prompt[1]["content"]], add_special_tokens=False),
            tokenizer.eos_token_id,
        ]
        for one in own.values()
        for prompt in one.prompts
    }
    with serve_replies(lambda body: replies[tuple(body["token_ids"])]) as (url, _):
        command = (SCRIPT, "rows.parquet", "tokenizer", url.removesuffix("/v1"))
        done = skyrl_venv.run("python", *command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-5000:]
    output = json.loads(done.stdout.splitlines()[-1])
    for name, episode in own.items():
        rows = [row for row, one in enumerate(output["trajectory_ids"]) if one == name]
        prompts = [tuple(encode(prompt)) for prompt in episode.prompts]
        assert [tuple(output["prompt_token_ids"][row]) for row in rows] == prompts
        assert [output["response_ids"][row] for row in rows] == [replies[prompt] for prompt in prompts]
        assert all(set(output["loss_masks"][row]) == {1} for row in rows)
        sums = [sum(output["rewards"][row]) for row in rows]
        assert sums == pytest.approx([0.0] * (len(rows) - 1) + [episode.episode.total], abs=1e-9)
        assert [output["is_last_step"][row] for row in rows] == [False] * (len(rows) - 1) + [True]
    for name in REWARDS:
        values = [getattr(one.episode, name) for one in own.values()]
        found = output["rollout_metrics"][f"environment/{name}"]
        assert found == pytest.approx(sum(values) / len(values), abs=1e-9)


def test_a_changed_dataset_is_an_error(export: Export, skyrl_venv: FrameworkVenv, tmp_path: Path) -> None:
    package = export(make_rows(2), DEFAULT_PARAMS)
    dataset = package / "memcurate_memory" / "dataset" / "train.parquet"
    write_rows(dataset, EpisodeInput, make_rows(3))
    command = ("-m", "memcurate_memory.rows", "rows.parquet")
    done = skyrl_venv.run("python", *command, cwd=package)
    assert done.returncode != 0
    assert "train.parquet has the SHA-256" in done.stderr and "the file was changed" in done.stderr
