"""The package for verifiers: its own command plays episodes, which are those of the project's own loop."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.storage import write_rows
from pipeline.text.tokens import TokenCounter
from tests.frameworks.exported import Export, make_export
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
    weigh_measures,
)
from tests.frameworks.replay_server import serve_replies
from tests.frameworks.virtual_environments import FrameworkVenv
from tests.training.factories import make_instance, make_question
from training.credit.assign import CreditName
from training.environment import DEFAULT_PARAMS, FunctionAnswerJudge
from training.memory.prompts import Message
from training.memory.schema import EpisodeInput
from training.policies.scripted import format_insert

pytestmark = pytest.mark.slow

NOWHERE = "http://127.0.0.1:9/v1"  # nothing listens there
MAX_MODEL_SECONDS = 3600  # of a small model on a busy machine


@pytest.fixture
def export(tmp_path: Path, assets: Path, verifiers_venv: FrameworkVenv) -> Export:
    return make_export(tmp_path, "verifiers", verifiers_venv, assets)


def run_eval(
    venv: FrameworkVenv, folder: Path, url: str, *options: str, model: str = "m", concurrency: int = 8
) -> list[dict[str, Any]]:
    """Roll out all tasks by the framework's command, and return the traces that it wrote."""
    endpoint = ("--client.base-url", url, "--client.api-key-var", "NONE", "-m", model)
    local = ("--no-push", "--no-rich", "-o", "out", "--run.name", "run", "-c", str(concurrency))
    command = ("vf-eval", "memcurate-memory", *endpoint, *local, *options)
    done = venv.run(*command, cwd=folder, timeout=MAX_MODEL_SECONDS)
    assert done.returncode == 0, done.stderr[-5000:]
    lines = (folder / "out" / "run" / "traces.jsonl").read_text(encoding="utf-8").splitlines()
    return [trace for line in lines for trace in json.loads(line)["traces"]]


def assert_equal(trace: Mapping[str, Any], own: OwnEpisode) -> None:
    """Compare a trace of the framework with an episode of the own loop: prompts, rewards and credit."""
    assert trace["ok"], trace["errors"]
    nodes = trace["nodes"]
    prompts = []
    for call in trace["calls"]:
        user = nodes[nodes[call["node"]]["parent"]]
        system = nodes[user["parent"]]
        assert system.get("parent") is None  # nothing of earlier turns
        prompts.append(
            [{"role": one["message"]["role"], "content": one["message"]["content"]} for one in (system, user)]
        )
    assert prompts == own.prompts
    info, given = trace["info"]["memcurate"], [one for one in trace["rewards"].values() if one is not None]
    scores = {name: trace["rewards"][name]["score"] for name in REWARDS}
    total = sum(one["score"] * one["weight"] for one in given)
    assert info["total"] == pytest.approx(total, abs=1e-9)
    assert_same_rewards(
        own, scores, total, info["step_rewards"], [one.get("score") for one in info["answers"]]
    )


@pytest.mark.parametrize(("credit", "max_tokens"), RANDOM_CASES)
def test_random_and_broken_replies(
    credit: CreditName,
    max_tokens: int | None,
    export: Export,
    verifiers_venv: FrameworkVenv,
    tmp_path: Path,
    count_tokens: TokenCounter,
) -> None:
    params, instances = limit_params(max_tokens), draw_instances(credit)
    own = {one.id: play_own_loop(one, draw_reply_to, params, count_tokens, credit) for one in instances}
    scored = {name: one for name, one in own.items() if one.episode.correctness is not None}
    export(instances, params)
    with serve_replies(lambda body: draw_reply_to(body["messages"])) as (url, requests):
        traces = run_eval(verifiers_venv, tmp_path, url, "--env.taskset.task.credit", credit)
    assert {trace["task"]["data"]["id"] for trace in traces} == scored.keys() and len(scored) > 60
    assert len(requests) == len(scored) * STEPS
    for trace in traces:
        assert_equal(trace, own[trace["task"]["data"]["id"]])
    applied = {call.applied for one in own.values() for step in one.episode.steps for call in step.calls}
    assert applied == {True, False}


def test_the_replies_of_writers_and_of_a_model(
    export: Export,
    verifiers_venv: FrameworkVenv,
    tmp_path: Path,
    count_tokens: TokenCounter,
    mixed_instances: list[EpisodeInput],
    assets: Path,
) -> None:
    """Measures of the memory have weights."""
    params = weigh_measures()
    own, replies = play_writers(mixed_instances, params, count_tokens, assets)
    export([replace(one, split="train") for one in mixed_instances], params)
    with serve_replies(lambda body: replies[body["messages"][1]["content"]]) as (url, _):
        traces = run_eval(verifiers_venv, tmp_path, url)
    assert {trace["task"]["data"]["id"] for trace in traces} == own.keys()
    for trace in traces:
        assert_equal(trace, own[trace["task"]["data"]["id"]])
        assert {"recall", "stale", "forgotten"} <= trace["rewards"].keys()
    assert sum(one.episode.correctness or 0 for one in own.values()) > 1


def test_a_judge_of_the_framework_scores_its_questions(
    export: Export, verifiers_venv: FrameworkVenv, tmp_path: Path, count_tokens: TokenCounter
) -> None:
    """Without a judge these questions have no score, and instances with no others are left out."""
    questions = [
        make_question("Where is Ann?", "Rome"),
        make_question("Why there?", "the sea", metric="judge"),
    ]
    mixed = make_instance("mixed", ["Ann went.", "Ann is in Rome."], questions, split="train")
    judged = make_instance("judged", ["Ann swims in the sea."], questions[1:], split="train")
    insert = format_insert("semantic", "Ann is in Rome because of the sea.")

    def judge(chats: Sequence[Sequence[Message]]) -> list[str]:
        assert all("Right answer: the sea" in chat[0]["content"] for chat in chats)
        return ['So: {"correct": true}' for _ in chats]

    def choose(body: Mapping[str, Any]) -> str:
        if body["model"] == "judge":
            return judge([body["messages"]])[0]
        return insert

    export([mixed, judged], DEFAULT_PARAMS)
    with serve_replies(choose) as (url, requests):
        (alone,) = run_eval(verifiers_venv, tmp_path, url)
        options = ("--env.taskset.task.judge.model", "judge", "--env.taskset.task.judge.base-url", url)
        key = ("--env.taskset.task.judge.api-key-var", "NONE", "--clean")
        traces = run_eval(verifiers_venv, tmp_path, url, *options, *key)
    assert [one.get("score") for one in alone["info"]["memcurate"]["answers"]] == [1.0, None]
    assert len(traces) == 2 and sum(one["model"] == "judge" for one in requests) == 2
    for trace, instance in zip(
        sorted(traces, key=lambda one: -len(one["calls"])), (mixed, judged), strict=True
    ):
        own = play_own_loop(
            instance, lambda messages: insert, DEFAULT_PARAMS, count_tokens, judge=FunctionAnswerJudge(judge)
        )
        assert own.episode.correctness == 1.0
        assert_equal(trace, own)
        assert len(trace["info"]["judge_calls"]) == 1


def test_native_tools_come_back_as_calls(
    export: Export, verifiers_venv: FrameworkVenv, tmp_path: Path
) -> None:
    arguments = json.dumps({"memory_type": "semantic", "content": "Ann is in Rome."})
    function = {"name": "new_memory_insert", "arguments": arguments}
    message = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "1", "type": "function", "function": function}],
    }
    export([make_boat()], DEFAULT_PARAMS)
    with serve_replies(lambda body: message) as (url, requests):
        (trace,) = run_eval(verifiers_venv, tmp_path, url, "--env.taskset.task.native-tools")
    assert trace["rewards"]["correctness"]["score"] == 1.0
    assert trace["rewards"]["tool_format"]["score"] == 0.5  # the second call is stored already
    assert all(
        len(one["tools"]) == 3 and "tool_call" not in one["messages"][0]["content"] for one in requests
    )


def make_boat() -> EpisodeInput:
    return make_instance(
        "boat", ["Ann went.", "Ann is in Rome."], [make_question("Where is Ann?", "Rome")], split="train"
    )


def test_an_episode_that_was_stopped_has_no_reward(
    export: Export, verifiers_venv: FrameworkVenv, tmp_path: Path
) -> None:
    export([make_boat()], DEFAULT_PARAMS)
    with serve_replies(lambda body: "") as (url, _):
        (trace,) = run_eval(verifiers_venv, tmp_path, url, "--env.agent.max-turns", "1")
    assert not trace["ok"] and "ended after 1 of 2 chunks" in trace["errors"][0]["message"]
    assert trace["rewards"] == {}


def test_a_changed_dataset_is_an_error(export: Export, verifiers_venv: FrameworkVenv, tmp_path: Path) -> None:
    package = export([make_boat()], DEFAULT_PARAMS)
    write_rows(
        package / "memcurate_memory" / "dataset" / "train.parquet", EpisodeInput, [make_boat(), make_boat()]
    )
    command = ("vf-eval", "memcurate-memory", "--no-push", "--no-rich", "--client.base-url", NOWHERE)
    done = verifiers_venv.run(*command, cwd=package, PYTHONPATH=str(package))
    assert done.returncode != 0
    assert "train.parquet has the SHA-256" in done.stderr and "the file was changed" in done.stderr
