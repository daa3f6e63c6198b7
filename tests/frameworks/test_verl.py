"""The package for verl: its agent loop plays the episodes of the project's own loop, a row for each step."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from transformers import PreTrainedTokenizerFast

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
from tests.training.rl.factories import write_small_model
from tests.training.tokenizer_factories import make_byte_level_tokenizer
from training.credit.assign import CreditName
from training.memory.prompts import Message
from training.memory.schema import EpisodeInput

pytestmark = pytest.mark.slow

WORKER_SCRIPT = Path(__file__).with_name("verl_worker.py")


class Coder:
    """A tokenizer that is saved for the framework: prompts and replies as it reads and writes them."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer: PreTrainedTokenizerFast = make_byte_level_tokenizer()
        self.folder = folder
        pad, end = self._tokenizer.pad_token_id, self._tokenizer.eos_token_id
        write_small_model(folder, len(self._tokenizer), positions=4096, pad=pad, end=end)
        self._tokenizer.save_pretrained(folder)

    def render(self, prompt: Sequence[Message]) -> str:
        """Return the text of a prompt's tokens."""
        chat = [dict(message) for message in prompt]
        ids = self._tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=False)
        return str(self._tokenizer.decode(ids))

    def read(self, reply: str) -> str:
        """Return what the environment gets of a reply: control tokens are left out."""
        ids = self._tokenizer.encode(reply, add_special_tokens=False)
        return str(self._tokenizer.decode(ids, skip_special_tokens=True))


@pytest.fixture
def coder(tmp_path: Path) -> Coder:
    return Coder(tmp_path / "model")


@pytest.fixture
def export(tmp_path: Path, assets: Path, verl_venv: FrameworkVenv) -> Export:
    return make_export(tmp_path, "verl", verl_venv, assets)


def roll_out(
    venv: FrameworkVenv, folder: Path, coder: Coder, url: str, *options: str
) -> tuple[list[dict[str, Any]], str]:
    """Roll out all rows by the package's command; return the episodes that it wrote, and its report."""
    command = ("-m", "memcurate_memory.rollout", "rows.parquet", "--base-url", url, "--model", "m")
    lengths = ("--tokenizer", coder.folder, "--prompt-length", "100000")
    done = venv.run("python", *command, *lengths, *options, cwd=folder)
    assert done.returncode == 0, done.stderr[-5000:]
    lines = (folder / "rollouts.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines], done.stdout


def assert_equal(found: Mapping[str, Any], own: OwnEpisode, coder: Coder) -> None:
    """Compare an episode of the framework with one of the own loop: prompts, rewards and credit."""
    assert [step["prompt"] for step in found["steps"]] == [coder.render(prompt) for prompt in own.prompts]
    step_rewards = [step["rewards"] for step in found["steps"]]
    assert_same_rewards(own, found["metrics"], found["reward"], step_rewards, None)


@pytest.mark.parametrize(("credit", "max_tokens"), RANDOM_CASES)
def test_random_and_broken_replies(
    credit: CreditName,
    max_tokens: int | None,
    export: Export,
    verl_venv: FrameworkVenv,
    tmp_path: Path,
    count_tokens: TokenCounter,
    coder: Coder,
) -> None:
    params, instances = limit_params(max_tokens), draw_instances(credit)

    def reply(messages: Sequence[Message]) -> str:
        return coder.read(draw_reply_to(messages))

    own = {one.id: play_own_loop(one, reply, params, count_tokens, credit) for one in instances}
    scored = {name: one for name, one in own.items() if one.episode.correctness is not None}
    texts = {coder.render(prompt): draw_reply_to(prompt) for one in scored.values() for prompt in one.prompts}
    export(instances, params)
    printed = write_dataset(verl_venv, tmp_path, "--credit", credit)
    assert f"question that can be scored: {len(own) - len(scored)}" in printed
    with serve_replies(lambda body: texts[body["prompt"]]) as (url, requests):
        episodes, _ = roll_out(verl_venv, tmp_path, coder, url, "--max-tokens", "100000")
    assert [one["instance"] for one in episodes] == list(scored) and len(scored) > 60
    assert len(requests) == len(scored) * STEPS
    for episode in episodes:
        assert_equal(episode, scored[episode["instance"]], coder)


def test_the_replies_of_writers_and_of_a_model(
    export: Export,
    mixed_instances: list[EpisodeInput],
    verl_venv: FrameworkVenv,
    tmp_path: Path,
    count_tokens: TokenCounter,
    assets: Path,
    coder: Coder,
) -> None:
    """The report has the means of the rewards; verl's own worker puts a row for each step into its queue."""
    params = weigh_measures()
    export([replace(one, split="train") for one in mixed_instances], params)
    own, replies = play_writers(mixed_instances, params, count_tokens, assets)
    texts = {
        coder.render(prompt): replies[prompt[1]["content"]] for one in own.values() for prompt in one.prompts
    }
    write_dataset(verl_venv, tmp_path)
    with serve_replies(lambda body: texts[body["prompt"]]) as (url, requests):
        options = ("--max-tokens", "9999", "--temperature", "0.5")
        episodes, printed = roll_out(verl_venv, tmp_path, coder, url, *options)
        command = (WORKER_SCRIPT, "rows.parquet", coder.folder, url)
        done = verl_venv.run("python", *command, cwd=tmp_path)
    assert {one["instance"] for one in episodes} == own.keys()
    for episode in episodes:
        assert_equal(episode, own[episode["instance"]], coder)
    report = read_report(printed)
    for name in (*REWARDS, "total"):
        values = [getattr(one.episode, name) for one in own.values()]
        assert report[name] == pytest.approx(sum(values) / len(values), abs=1e-4)
    assert report["correctness"] > 1 / 3 and {"recall", "stale", "forgotten"} <= report.keys()
    assert {(one["max_tokens"], one["temperature"]) for one in requests[: len(texts)]} == {(9999, 0.5)}
    assert done.returncode == 0, done.stderr[-5000:]
    rows = json.loads(done.stdout.splitlines()[-1])
    for name, one in own.items():
        steps = [row for row in rows if row["instance"] == name]
        assert [row["prompt"] for row in steps] == [coder.render(prompt) for prompt in one.prompts]
        assert [row["reply"] for row in steps] == [texts[row["prompt"]] for row in steps]
        for row in steps:
            assert row["reward"] == pytest.approx(one.episode.total, abs=1e-6)  # float32
            assert row["rewards"]["correctness"] == pytest.approx(one.episode.correctness, abs=1e-9)


def test_a_prompt_over_the_limit_is_an_error(
    export: Export,
    mixed_instances: list[EpisodeInput],
    verl_venv: FrameworkVenv,
    tmp_path: Path,
    coder: Coder,
) -> None:
    export([replace(mixed_instances[0], split="train")], weigh_measures())
    write_dataset(verl_venv, tmp_path)
    command = ("-m", "memcurate_memory.rollout", "rows.parquet", "--base-url", "http://127.0.0.1:9/v1")
    options = ("--model", coder.folder, "--prompt-length", "100")
    done = verl_venv.run("python", *command, *options, cwd=tmp_path)
    assert done.returncode != 0
    assert "rollout.prompt_length is 100: raise it" in done.stderr
