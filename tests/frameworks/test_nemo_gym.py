"""The package for NeMo Gym: its servers play the episodes of the project's own loop."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.text.tokens import TokenCounter
from tests.frameworks.exported import Export, make_export, write_dataset
from tests.frameworks.own_loop import (
    REWARDS,
    STEPS,
    OwnEpisode,
    assert_same_rewards,
    draw_instances,
    draw_reply_to,
    limit_params,
    play_own_loop,
    play_writers,
    weigh_measures,
)
from tests.frameworks.replay_server import serve_replies
from tests.frameworks.virtual_environments import FrameworkVenv
from tests.ports import find_free_port
from training.credit.assign import CreditName
from training.memory.schema import EpisodeInput

pytestmark = pytest.mark.slow

CREDITS: tuple[CreditName, ...] = ("episode", "step", "call")
SERVERS = (
    ("resources_servers", "memcurate_memory"),
    ("responses_api_agents", "memcurate_memory_agent"),
    ("responses_api_models", "vllm_model"),
)
START_SECONDS = 300


@pytest.fixture
def export(tmp_path: Path, assets: Path, nemo_gym_venv: FrameworkVenv) -> Export:
    return make_export(tmp_path, "nemo_gym", nemo_gym_venv, assets)


@contextmanager
def serve_environment(venv: FrameworkVenv, package: Path, url: str) -> Iterator[str]:
    """Run the servers of a package for a model at `url`; yield the option that names their head server.

    Each server would make a virtual environment of its own; here all are that of the tests.
    """
    for kind, name in SERVERS:
        folder = package / "venvs" / kind / name
        folder.mkdir(parents=True)
        (folder / ".venv").symlink_to(venv.folder)
    head = f"+head_server={{host: 127.0.0.1, port: {find_free_port()}}}"
    options = ("--model", "m", "--model-url", url, "--model-api-key", "none", head)
    shared = ("+skip_venv_if_present=true", f"+uv_venv_dir={package / 'venvs'}")
    command = ("env", "start", "--resources-server", "memcurate_memory", "--model-type", "vllm_model")
    log = package / "servers.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [venv.folder / "bin" / "gym", *command, *options, *shared],
            cwd=package,
            env={
                **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
                "PATH": f"{venv.folder / 'bin'}:{os.environ['PATH']}",
                "HOME": str(venv.folder / "home"),
            },
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + START_SECONDS
        while "3 / 3 servers ready" not in (text := log.read_text(errors="replace")):
            assert process.poll() is None and time.monotonic() < end, text[-5000:]
            time.sleep(0.5)
        yield head
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def roll_out(
    venv: FrameworkVenv, package: Path, head: str, rows: str
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Roll out rows by NeMo Gym's command; return the rollouts, and the metrics that it prints."""
    command = ("eval", "run", "--no-serve", "--agent", "memcurate_memory_agent", "--input", rows)
    options = ("--output", "rollouts.jsonl", "--concurrency", "8", "+upload_rollouts_to_wandb=false", head)
    done = venv.run("gym", *command, *options, cwd=package)
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
    lines = (package / "rollouts.jsonl").read_text(encoding="utf-8").splitlines()
    shown = re.search(r"Key metrics for memcurate_memory_agent:\s*(\{.*?\})", done.stdout, re.DOTALL)
    assert shown is not None, done.stdout
    return [json.loads(line) for line in lines], json.loads(shown[1])


def assert_equal(found: Mapping[str, Any], own: OwnEpisode) -> None:
    """Compare a rollout with an episode of the own loop: prompts, rewards and credit."""
    assert [turn["prompt"] for turn in found["turns"]] == own.prompts
    scores = [one["score"] for one in found["answers"]]
    assert_same_rewards(own, found, found["reward"], found["step_rewards"], scores)


def test_random_and_broken_replies(
    export: Export, nemo_gym_venv: FrameworkVenv, count_tokens: TokenCounter
) -> None:
    """1,005 replies: the instances with each credit, in a full memory."""
    params, instances = limit_params(60), draw_instances("step")
    package = export(instances, params)
    with (
        serve_replies(lambda body: draw_reply_to(body["messages"])) as (url, requests),
        serve_environment(nemo_gym_venv, package, url) as head,
    ):
        for number, credit in enumerate(CREDITS, start=1):
            played = (play_own_loop(one, draw_reply_to, params, count_tokens, credit) for one in instances)
            scored = {one.episode.instance: one for one in played if one.episode.correctness is not None}
            write_dataset(nemo_gym_venv, package, "--credit", credit, name=f"{credit}.jsonl")
            rollouts, _ = roll_out(nemo_gym_venv, package, head, f"{credit}.jsonl")
            assert sorted(one["instance"] for one in rollouts) == sorted(scored) and len(scored) > 60
            assert len(requests) == number * len(scored) * STEPS
            for rollout in rollouts:
                assert_equal(rollout, scored[rollout["instance"]])


def test_the_replies_of_writers_and_of_a_model(
    export: Export,
    mixed_instances: list[EpisodeInput],
    nemo_gym_venv: FrameworkVenv,
    count_tokens: TokenCounter,
    assets: Path,
) -> None:
    """NeMo Gym's own report has the means of the rewards by their names."""
    params = weigh_measures()
    package = export([replace(one, split="train") for one in mixed_instances], params)
    own, replies = play_writers(mixed_instances, params, count_tokens, assets)
    write_dataset(nemo_gym_venv, package, name="rows.jsonl")
    with (
        serve_replies(lambda body: replies[body["messages"][1]["content"]]) as (url, _),
        serve_environment(nemo_gym_venv, package, url) as head,
    ):
        rollouts, report = roll_out(nemo_gym_venv, package, head, "rows.jsonl")
    assert {one["instance"] for one in rollouts} == own.keys()
    for rollout in rollouts:
        assert_equal(rollout, own[rollout["instance"]])
    for name in (*REWARDS, "reward"):
        values = [getattr(one.episode, "total" if name == "reward" else name) for one in own.values()]
        assert report[f"mean/{name}"] == pytest.approx(sum(values) / len(values), abs=1e-9)
    assert {"mean/recall", "mean/stale", "mean/forgotten"} <= report.keys()
