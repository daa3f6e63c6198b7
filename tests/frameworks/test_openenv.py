"""The package for OpenEnv: its client and server play episodes, which are those of the project's own loop."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.storage import write_rows
from pipeline.text.tokens import TokenCounter
from tests.conftest import ROOT
from tests.frameworks.exported import Export, make_export
from tests.frameworks.openenv_server import (
    SCRIPTS,
    play,
    request,
    reset_frame,
    run_script,
    send_frames,
    serve,
    step_frame,
)
from tests.frameworks.own_loop import (
    RANDOM_CASES,
    OwnEpisode,
    assert_same_rewards,
    draw_instances,
    draw_reply_to,
    give_in_order,
    limit_params,
    play_own_loop,
    play_writers,
    weigh_measures,
)
from tests.frameworks.replay_server import serve_replies
from tests.frameworks.virtual_environments import FrameworkVenv
from tests.training.environment.datasets import make_rows
from tests.training.factories import make_instance, make_question
from training.credit.assign import CreditName
from training.environment import DEFAULT_PARAMS
from training.memory.schema import EpisodeInput
from training.policies.scripted import format_insert

pytestmark = pytest.mark.slow

SESSIONS = 64
NUM_WARM_UP_EPISODES = 1000
NUM_SHORT_EPISODES = 10_000
MAX_GROWTH_KB = 16 * 1024  # of the server, over all short episodes


@pytest.fixture
def export(tmp_path: Path, assets: Path, openenv_venv: FrameworkVenv) -> Export:
    return make_export(tmp_path, "openenv", openenv_venv, assets)


def assert_equal(played: Mapping[str, Any], own: OwnEpisode) -> None:
    """Compare an episode of the client with one of the own loop: prompts, rewards and credit."""
    final = played["final"]
    assert played["prompts"] == own.prompts and final["messages"] == []
    assert final["step"] == final["num_steps"] == len(own.prompts)
    scores = [one["score"] for one in final["answers"]]
    if own.episode.correctness is None:
        assert final["rewards"] is None and final["reward"] is None and set(scores) <= {None}
        return
    assert final["reward"] == final["total"]
    assert_same_rewards(own, final["rewards"], final["total"], final["step_rewards"], scores)


def read_page_script(url: str) -> str:
    """Return the page's first script, for a server of the split test, with a model that is silent."""
    page = (ROOT / "docs" / "openenv.md").read_text(encoding="utf-8")
    script = page.split("```python\n")[1].partition("```")[0]
    script = script.replace("http://127.0.0.1:8001", url).replace('split="train"', 'split="test"')
    return f"my_model = lambda messages: ''\n{script}"


@pytest.mark.parametrize(("credit", "max_tokens"), RANDOM_CASES)
def test_random_and_broken_replies_of_64_sessions_at_once(
    credit: CreditName,
    max_tokens: int | None,
    export: Export,
    openenv_venv: FrameworkVenv,
    tmp_path: Path,
    count_tokens: TokenCounter,
) -> None:
    """Replies depend on prompts, so an episode that took in anything of another would differ."""
    params, instances = limit_params(max_tokens), draw_instances(credit)
    own = {one.id: play_own_loop(one, draw_reply_to, params, count_tokens, credit) for one in instances}
    export(instances, params)
    episodes = [{"instance": one.id, "credit": credit} for one in instances]
    with (
        serve(openenv_venv, tmp_path) as server,
        serve_replies(lambda body: draw_reply_to(body["messages"])) as (url, _),
    ):
        played = play(openenv_venv, tmp_path, server, model_url=url, episodes=episodes, sessions=SESSIONS)
    assert sorted(one["final"]["instance"] for one in played) == sorted(own)
    for one in played:
        assert_equal(one, own[one["final"]["instance"]])
    applied = {call.applied for one in own.values() for step in one.episode.steps for call in step.calls}
    assert applied == {True, False}
    assert sum(one.episode.correctness is not None for one in own.values()) > 60


def test_the_example_rolls_out_the_replies_of_writers_and_of_a_model(
    export: Export,
    openenv_venv: FrameworkVenv,
    tmp_path: Path,
    count_tokens: TokenCounter,
    mixed_instances: list[EpisodeInput],
    assets: Path,
) -> None:
    """Measures of the memory have weights."""
    params = weigh_measures()
    own, replies = play_writers(mixed_instances, params, count_tokens, assets)
    package = export(mixed_instances, params)
    options = ("--split", "test", "--episodes", str(len(own)), "--model", "m")
    episodes = [{"split": "test", "instance": name} for name in own]
    with (
        serve(openenv_venv, tmp_path) as server,
        serve_replies(lambda body: replies[body["messages"][1]["content"]]) as (url, _),
    ):
        urls = ("--model-url", url, "--environment-url", server.url)
        example = ROOT / "examples" / "environment" / "openenv_rollout.py"
        printed = run_script(openenv_venv, tmp_path, example, *urls, *options)
        script = tmp_path / "page.py"
        script.write_text(read_page_script(server.url), encoding="utf-8")
        run_script(openenv_venv, tmp_path, script)
        played = play(openenv_venv, tmp_path, server, model_url=url, episodes=episodes, sessions=1)
        validated = openenv_venv.run("openenv", "validate", "--url", server.url, cwd=tmp_path)
    assert validated.returncode == 0, validated.stdout
    static = openenv_venv.run("openenv", "validate", package, "--level", "static", cwd=tmp_path)
    assert static.returncode == 0, static.stdout + static.stderr
    for line, (name, episode) in zip(printed.splitlines(), own.items(), strict=True):
        found, total, rewards = re.findall(r"^(.*): ([\d.e-]+)  (.*)$", line)[0]
        assert found == name and float(total) == pytest.approx(episode.episode.total, abs=1e-9)
        parts = rewards.split()[::2]
        assert parts[:4] == ["correctness", "tool_format", "compression", "content"]
        assert parts[4:] == ["recall", "stale", "forgotten"]
    for one in played:
        assert_equal(one, own[one["final"]["instance"]])
    assert sum(one.episode.correctness or 0 for one in own.values()) > 1


# Bad frames, and a part of the error. They come after the first chunk of an episode.
BAD_FRAMES = [
    (step_frame(reply=1), "MemcurateAction.reply: Input should be a valid string; found 1"),
    (step_frame(), "MemcurateAction.reply: Field required"),
    (step_frame(reply="x", colour="red"), "MemcurateAction.colour: Extra inputs are not permitted"),
    (step_frame(reply="x" * 1_000_001), "MemcurateAction.reply: String should have at most 1000000 char"),
    (step_frame(reply="\ud800"), "unable to parse raw data as a unicode string; found '\\ud800'"),
    (step_frame(**{"reply": "x", "\ud800": 1}), "unable to parse raw data as a unicode string"),
    (reset_frame(split="dev"), "EpisodeOptions.split: Input should be 'train', 'test' or 'evaluation'"),
    (reset_frame(split="test"), "the dataset has no split 'test'; it has train"),
    (reset_frame(sources=["nowhere"]), "has no instance of nowhere; it has even (3), odd (3)"),
    (reset_frame(sources="even"), "EpisodeOptions.sources: Input should be a valid list; found 'even'"),
    (reset_frame(sources=["\ud800"]), "EpisodeOptions.sources.0: Input should be a valid string, unable"),
    (reset_frame(seed=-1), "EpisodeOptions.seed: Input should be greater than or equal to 0; found -1"),
    (reset_frame(seed="1"), "EpisodeOptions.seed: Input should be a valid integer; found '1'"),
    (reset_frame(index=6), "instance 6 is not in the split"),
    (reset_frame(instance="none"), "instance 'none' is not in the split"),
    (reset_frame(index=1, instance="made/1"), "index and instance both name an instance"),
    (reset_frame(max_chunks=0), "EpisodeOptions.max_chunks: Input should be greater than or equal to 1"),
    (reset_frame(credit="none"), "EpisodeOptions.credit: Input should be 'episode', 'step' or 'call'"),
    (reset_frame(splt="train"), "EpisodeOptions.splt: Extra inputs are not permitted"),
    (json.dumps({"type": "step", "data": "x"}), "Invalid message"),
    (json.dumps({"type": "dance"}), "Unknown message type: dance"),
    ("{", "Invalid JSON"),
]
# Frames that are not of the protocol: the server ends their session, and no other.
FATAL_FRAMES = [{"hex": "ff00"}, "[]", step_frame(reply="x" * (1 << 25))]


def test_bad_actions_get_a_clear_error_and_change_nothing(
    export: Export, openenv_venv: FrameworkVenv, tmp_path: Path, count_tokens: TokenCounter
) -> None:
    rows = make_rows(6)
    replies = [format_insert("semantic", f"The red boat of Ann came to Oslo, {day}.") for day in "abc"]
    own = play_own_loop(rows[0], give_in_order(replies), DEFAULT_PARAMS, count_tokens)
    export(rows, DEFAULT_PARAMS)
    state = json.dumps({"type": "state"})
    bad = [part for frame, _ in BAD_FRAMES for part in (frame, state)]
    begun = [step_frame(reply="x"), reset_frame(instance=rows[0].id), step_frame(reply=replies[0])]
    rest = [step_frame(reply=one) for one in (*replies[1:], "x")]
    frames = [*begun, *bad, *rest, state]
    fatal = [[reset_frame(), frame, state] for frame in FATAL_FRAMES]
    with serve(openenv_venv, tmp_path) as server:
        answers, *ended = send_frames(openenv_venv, tmp_path, server, [frames, *fatal])
        for path, body, message in [
            ("step", {"action": {"reply": "x"}}, "no episode is running in this session. Call reset first"),
            ("step", {"action": {"reply": 1}}, "MemcurateAction.reply: Input should be a valid string"),
            ("reset", {"split": "dev"}, "EpisodeOptions.split: Input should be"),
            ("memcurate_env/num_tasks", {"split": "dev"}, "the dataset has no split 'dev'; it has train"),
        ]:
            status, content = request(f"{server.url}/{path}", body)
            assert status == 422 and message in content["detail"]
        assert request(f"{server.url}/memcurate_env/num_tasks", {"split": "train"})[1] == {"num_tasks": 6}
        task = {"task": {"id": rows[1].id, "index": 1}}
        assert request(f"{server.url}/memcurate_env/task", {"split": "train", "index": 1})[1] == task
        assert request(f"{server.url}/memcurate_env/task", {"split": "train", "index": -1})[0] == 400
    errors = [one["data"]["message"] for one in answers if one["type"] == "error"]
    assert "no episode is running in this session" in errors[0]
    for (_, expected), found in zip(BAD_FRAMES, errors[1:-1], strict=True):
        assert expected in found
    assert "no episode is running; call reset first" in errors[-1]
    first, *states, last = [one["data"] for one in answers if one["type"] == "state"]
    assert first["step_count"] == 1 and all(one == first for one in states)
    assert last == {**first, "step_count": 3}
    observed = [one["data"] for one in answers if one["type"] == "observation"]
    assert [one["observation"]["messages"] for one in observed] == [*own.prompts, []]
    assert observed[-1]["done"] and observed[-1]["reward"] == pytest.approx(own.episode.total, abs=1e-9)
    assert [one[-1].get("closed") for one in ended] == [1000, 1000, 1009]


def test_dropped_clients_leave_nothing_and_memory_is_flat(
    export: Export, openenv_venv: FrameworkVenv, tmp_path: Path
) -> None:
    """Clients vanish in the midst of an episode; then as many sessions as the server has find room again."""
    rows = [
        make_instance(str(number), ["Ann went to Rome."], [make_question("Where is Ann?", "Rome")])
        for number in range(6)
    ]
    export([replace(one, split="train") for one in rows], DEFAULT_PARAMS)
    insert = format_insert("semantic", "Ann is in Rome.")
    begun = [reset_frame(seed=1), json.dumps({"type": "state"})]
    with serve(openenv_venv, tmp_path, MAX_CONCURRENT_ENVS=str(SESSIONS)) as server:

        def play_short(count: int) -> None:
            episodes = [{"seed": seed} for seed in range(count)]
            played = play(openenv_venv, tmp_path, server, episodes=episodes, sessions=SESSIONS, reply=insert)
            assert {one["final"]["reward"] for one in played} == {played[0]["final"]["reward"]}
            assert len(played) == count and played[0]["final"]["rewards"]["correctness"] == 1.0
            server.wait_for_idle()

        play_short(NUM_WARM_UP_EPISODES)
        memory = server.read_status("VmRSS")
        connections = [[*begun, "abort"]] * SESSIONS + [begun]
        answers = [one[0] for one in send_frames(openenv_venv, tmp_path, server, connections)]
        assert sum(one["type"] == "observation" for one in answers) == SESSIONS
        assert [one["data"]["code"] for one in answers if one["type"] == "error"] == ["CAPACITY_REACHED"]
        server.wait_for_idle()
        play_short(NUM_SHORT_EPISODES)
        assert server.read_status("VmRSS") - memory < MAX_GROWTH_KB


def test_trl_trains_on_the_tools(
    export: Export, openenv_venv: FrameworkVenv, tmp_path: Path, count_tokens: TokenCounter
) -> None:
    """A random model calls tools at random; its episodes have the rewards of the own loop."""
    instances = {one.id: one for one in make_rows(6)}
    export(list(instances.values()), DEFAULT_PARAMS)
    rows, out = tmp_path / "rows.json", tmp_path / "trained.json"
    chosen = ["made/2", "made/3"]
    rows.write_text(json.dumps([{"instance": name} for name in chosen]), encoding="utf-8")
    with serve(openenv_venv, tmp_path) as server:
        run_script(openenv_venv, tmp_path, SCRIPTS / "openenv_train.py", server.url, rows, out)
    trained = json.loads(out.read_text(encoding="utf-8"))
    episodes = trained["episodes"]
    assert len(episodes) == 4 * len(chosen) and {one["instance"] for one in episodes} == set(chosen)
    for one in episodes:
        own = play_own_loop(
            instances[one["instance"]], give_in_order(one["replies"]), DEFAULT_PARAMS, count_tokens
        )
        assert one["total"] == pytest.approx(own.episode.total, abs=1e-9)
        assert one["rewards"]["correctness"] == pytest.approx(own.episode.correctness, abs=1e-9)
    written = [reply for one in episodes for reply in one["replies"]]
    assert any("new_memory_insert" in reply for reply in written) and len(set(written)) > 2
    assert len({one["total"] for one in episodes}) > 1
    logged = [one["rewards/RecordedEnv/mean"] for one in trained["log"] if "rewards/RecordedEnv/mean" in one]
    means = [sum(one["total"] for one in episodes[start : start + 4]) / 4 for start in (0, 4)]
    assert logged == pytest.approx(means, abs=1e-4)


def test_the_commands_of_the_container_file(
    export: Export, openenv_venv: FrameworkVenv, tmp_path: Path
) -> None:
    """A virtual environment takes the place of the image: what is copied and run is the file's own."""
    package = export(make_rows(2), DEFAULT_PARAMS)
    lines = (package / "server" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    install = next(line.removeprefix("RUN pip ") for line in lines if line.startswith("RUN pip "))
    command = json.loads(next(line.removeprefix("CMD ") for line in lines if line.startswith("CMD [")))
    done = openenv_venv.run("python", "-m", "pip", *install.split(), "--no-build-isolation", cwd=package)
    assert done.returncode == 0, done.stderr
    assert command[0] == "server"
    helped = openenv_venv.run(*command, "--help", cwd=tmp_path)
    assert helped.returncode == 0 and "Serve the memory environment" in helped.stdout
    health = next(line for line in lines if "CMD python -c" in line)
    code = health.partition('-c "')[2].removesuffix('"')
    with serve(openenv_venv, tmp_path) as server:
        code = code.replace("http://127.0.0.1:8000", server.url)
        assert openenv_venv.run("python", "-c", code, cwd=tmp_path).returncode == 0


def test_a_changed_dataset_is_an_error_of_the_start(
    export: Export, openenv_venv: FrameworkVenv, tmp_path: Path
) -> None:
    package = export(make_rows(2), DEFAULT_PARAMS)
    write_rows(package / "data" / "dataset" / "train.parquet", EpisodeInput, make_rows(3))
    openenv_venv.install(package, cwd=tmp_path)
    done = openenv_venv.run("server", cwd=tmp_path)
    assert done.returncode != 0
    assert "train.parquet has the SHA-256" in done.stderr and "the file was changed" in done.stderr
