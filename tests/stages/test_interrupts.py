"""Interrupted or killed at any moment: in two seconds a line, the status, no process and no file left."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from stages.running import CHUNKS, RAW
from tests.conftest import ROOT
from tests.graph.project import BIN
from tests.stages.conftest import Make, Project

SECONDS = 2.0
STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}
WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
RANDOM = 20  # interrupts of the test that draws their moments


class Started:
    """A stage or command in a process group of its own, as a terminal starts it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def workers(self) -> list[psutil.Process]:
        """Its worker processes that have begun to work."""
        with_arguments = [one for one in self.below() if one.is_running() and one.status() != "zombie"]
        return [one for one in with_arguments if any("spawn_main" in part for part in one.cmdline())]

    def below(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def until(self, what: Callable[[], object]) -> None:
        end = time.monotonic() + 120
        while not what():
            assert self.process.poll() is None and time.monotonic() < end, self.process.communicate()
            time.sleep(0.01)

    def ends_at(self, number: signal.Signals, told: str, group: bool) -> None:
        """Interrupt it, by Ctrl-C's way where `group`, and see it end as it must."""
        below = self.below()
        start = time.monotonic()
        (os.killpg if group else os.kill)(self.process.pid, number)
        assert self.process.wait(10) == STATUS[number]
        assert time.monotonic() - start < SECONDS
        assert self.process.communicate() == ("", f"{told}: {WORDS[number]}\n")
        assert gone(below)


def gone(processes: list[psutil.Process], seconds: float = 0.2) -> bool:
    _, alive = psutil.wait_procs(processes, seconds)
    return not [one for one in alive if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


Start = Callable[..., Started]


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as stack:

        def started(folder: Path, *command: str | Path, workers: int = 2) -> Started:
            process = stack.enter_context(
                subprocess.Popen(
                    command,
                    cwd=folder,
                    env={**os.environ, "PYTHONPATH": str(ROOT), "MEMCURATE_WORKERS": str(workers)},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    start_new_session=True,
                )
            )
            stack.callback(process.kill)
            return Started(process)

        yield started


def stage(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"stages.{name}", *arguments)


@pytest.fixture
def project(make: Make, raw: Path) -> Project:
    """A project with the raw books and articles."""
    project = make({"use": ["gutenberg", "squad_dev"]})
    for source in ("gutenberg", "squad_dev"):
        (project.folder / RAW).mkdir(exist_ok=True)
        (project.folder / RAW / source).symlink_to(raw / source)
    return project


def left_aside(project: Project) -> list[str]:
    return [path for path in project.left() if ".partial" in path]


@pytest.mark.parametrize("number", STATUS)
@pytest.mark.parametrize("seconds", [0.15, 0.5, 1.5])
def test_while_modules_are_imported(
    project: Project, start: Start, number: signal.Signals, seconds: float
) -> None:
    running = start(project.folder, *stage("chunk", "gutenberg"))
    time.sleep(seconds)
    running.ends_at(number, "chunk@gutenberg", group=True)


@pytest.mark.parametrize("number", STATUS)
@pytest.mark.parametrize("group", [True, False])
@pytest.mark.parametrize("wait", [0.0, 0.5, 2.5])
def test_with_workers(
    project: Project, start: Start, number: signal.Signals, group: bool, wait: float
) -> None:
    """As they start, while they import, and at work."""
    running = start(project.folder, *stage("chunk", "gutenberg"))
    running.until(lambda: len(running.workers()) == 2)
    time.sleep(wait)
    running.ends_at(number, "chunk@gutenberg", group)
    assert left_aside(project) == [] and not (project.folder / CHUNKS / "gutenberg").exists()


@pytest.mark.parametrize("number", STATUS)
def test_while_it_writes(project: Project, start: Start, number: signal.Signals) -> None:
    running = start(project.folder, *stage("chunk", "squad_dev"))
    running.until(lambda: list(project.folder.glob("data/.partial/chunks/*/squad_dev/instances.parquet")))
    running.ends_at(number, "chunk@squad_dev", group=True)
    assert left_aside(project) == [] and not (project.folder / CHUNKS / "squad_dev").exists()


HANGING = """
import hashlib
import time
from pipeline import interrupts
interrupts.install("made")
interrupts.work()
print("ready", flush=True)
while True:
    try:
        {hanging}
    except BaseException:
        pass
"""


@pytest.mark.parametrize("hanging", ["hashlib.pbkdf2_hmac('sha256', b'', b'', 10**9)", "time.sleep(30)"])
def test_where_nothing_returns(tmp_path: Path, start: Start, hanging: str) -> None:
    """A call into a library that Python's handlers wait for, and one that swallows what they raise."""
    running = start(tmp_path, sys.executable, "-c", HANGING.format(hanging=hanging))
    assert running.process.stdout is not None and running.process.stdout.readline() == "ready\n"
    time.sleep(0.2)
    running.ends_at(signal.SIGINT, "made", group=False)


SWALLOWED = """
import sys
import time
from pathlib import Path
from pipeline import interrupts
from pipeline.folders import whole_file
from stages.exits import for_people
interrupts.install("made")
with for_people("made"):
    print("ready", flush=True)
    try:
        {what}
    except KeyboardInterrupt:
        pass
    for name in sys.argv[1:]:
        with whole_file(Path(name)) as aside:
            aside.write_text("made")
"""
IN_A_FINALIZER = "type('F', (), {'__del__': lambda self: time.sleep(30)})(); time.sleep(1)"


@pytest.mark.parametrize("number", STATUS)
@pytest.mark.parametrize("what", ["time.sleep(30)", IN_A_FINALIZER])
@pytest.mark.parametrize("files", [[], ["made.txt"]])
def test_where_the_exception_is_swallowed(
    what: str, files: list[str], number: signal.Signals, tmp_path: Path, start: Start
) -> None:
    """As some libraries do: the work was interrupted all the same, and puts nothing in place."""
    running = start(tmp_path, sys.executable, "-c", SWALLOWED.replace("{what}", what), *files)
    assert running.process.stdout is not None and running.process.stdout.readline() == "ready\n"
    time.sleep(0.2)
    running.ends_at(number, "made", group=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", STATUS)
@pytest.mark.parametrize("serving", [False, True])
def test_a_command(serving: bool, number: signal.Signals, built: Path, start: Start) -> None:
    """While it is imported, and while it serves."""
    running = start(built, BIN / "memcurate", "browse", "--port", "8791")
    if serving:
        assert running.process.stdout is not None and "8791" in running.process.stdout.readline()
    time.sleep(0.3)
    running.ends_at(number, "memcurate", group=True)


def test_twice_is_like_once(project: Project, start: Start) -> None:
    running = start(project.folder, *stage("chunk", "gutenberg"))
    running.until(lambda: len(running.workers()) == 2)
    os.killpg(running.process.pid, signal.SIGINT)
    running.ends_at(signal.SIGINT, "chunk@gutenberg", group=True)


def test_ignored_stays_ignored(project: Project) -> None:
    """As of what a shell starts in the background."""
    (project.folder / "run").write_text(f'trap "" INT\nexec {sys.executable} -m stages.chunk squad_dev\n')
    with subprocess.Popen(
        ["sh", "run"], cwd=project.folder, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as running:
        for _ in range(5):
            time.sleep(0.3)
            running.send_signal(signal.SIGINT)
        assert running.wait() == 0


@pytest.mark.slow
def test_at_random_moments(project: Project, start: Start) -> None:
    """One run after another is interrupted; the first that is not makes what a run alone makes."""
    stages = (stage("chunk", "gutenberg"), stage("chunk", "squad_dev"), stage("question", "gutenberg"))
    for command in stages:
        assert project.stage(*[part.removeprefix("stages.") for part in command[2:]]).returncode == 0
    whole = project.left()
    draws = random.Random(0)
    for _ in range(RANDOM):
        command = draws.choice(stages)
        running = start(project.folder, *command)
        time.sleep(draws.uniform(0.1, 8))
        if running.process.poll() is None:
            told = f"{command[2].removeprefix('stages.')}@{command[3]}"
            running.ends_at(draws.choice(list(STATUS)), told, draws.random() < 0.5)
        assert left_aside(project) == []
    assert project.left() == whole


def test_killed_leader_leaves_no_worker(project: Project, start: Start) -> None:
    running = start(project.folder, *stage("chunk", "gutenberg"))
    running.until(lambda: len(running.workers()) == 2)
    time.sleep(2)
    below = running.below()
    running.process.kill()
    running.process.wait()
    assert gone(below, 10)


def test_killed_worker_is_told(project: Project, start: Start) -> None:
    running = start(project.folder, *stage("chunk", "gutenberg"))
    running.until(lambda: len(running.workers()) == 2)
    time.sleep(1)
    running.workers()[0].kill()
    output, told = running.process.communicate(timeout=30)
    assert running.process.returncode == 1 and output == ""
    assert told.startswith("chunk@gutenberg: books: one of 2 worker processes was killed")
    assert "MEMCURATE_WORKERS to 1" in told.splitlines()[0] and "Traceback" not in told
    assert left_aside(project) == []


@pytest.mark.parametrize("module", ["looking", "running", "versions", "exits", "bench.timing"])
def test_a_module_that_is_not_a_program(tmp_path: Path, module: str) -> None:
    done = subprocess.run(stage(module), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(f"stages.{module} does nothing by itself") and done.stderr.count("\n") == 1


def test_cli_is_the_command() -> None:
    asked = [
        subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        for command in (
            [*stage("cli"), "bench", "--only", "nothing"],
            [BIN / "memcurate", "bench", "--only", "nothing"],
        )
    ]
    assert {done.returncode for done in asked} == {1}
    assert asked[0].stderr == asked[1].stderr and asked[0].stderr.startswith(
        "memcurate: there is no benchmark"
    )
