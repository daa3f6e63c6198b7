"""Interrupts and kills at any moment: one line and the status in 2 seconds, no process and no file left."""

import json
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

from stages.shared.paths import CHUNKS_DIR, RAW_DIR
from tests.conftest import ROOT
from tests.integration.project import BIN
from tests.ports import find_free_port
from tests.stages.conftest import Make, Project

SECONDS = 2.0
STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}
WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
RANDOM = 20  # interrupts of the test that draws their moments


class RunningProcess:
    """A stage or command in a process group of its own, as a terminal starts it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def workers(self) -> list[psutil.Process]:
        """Return its worker processes that have started."""
        alive = [one for one in self.children() if one.is_running() and one.status() != "zombie"]
        return [one for one in alive if any("spawn_main" in part for part in one.cmdline())]

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def wait_until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + 120
        while not condition():
            assert self.process.poll() is None and time.monotonic() < end, self.process.communicate()
            time.sleep(0.01)

    def assert_ends_at(
        self, number: signal.Signals, name: str, group: bool, may_be_done: bool = False
    ) -> None:
        """Interrupt it, with its group as Ctrl-C does where `group`, and assert its end.

        Where it `may_be_done`, its work can be over when the signal comes: then it ends as without a signal.
        """
        children = self.children()
        start = time.monotonic()
        (os.killpg if group else os.kill)(self.process.pid, number)
        status, seconds = self.process.wait(10), time.monotonic() - start
        output, errors = self.process.communicate()
        assert seconds < SECONDS
        if may_be_done and status == 0:
            assert output.startswith(f"{name}: ") and not errors
            return
        assert status == STATUS[number], errors
        assert errors == f"{name}: {WORDS[number]}\n"
        assert not output or output.startswith(f"{name}: ")  # it had just ended, and told what it kept
        assert are_gone(children)


def are_gone(processes: list[psutil.Process], seconds: float = 0.2) -> bool:
    _, alive = psutil.wait_procs(processes, seconds)
    return not [one for one in alive if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


Start = Callable[..., RunningProcess]


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as stack:

        def started(folder: Path, *command: str | Path, workers: int = 2) -> RunningProcess:
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
            return RunningProcess(process)

        yield started


def stage(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"stages.{name}", *arguments)


@pytest.fixture
def project(make: Make, raw: Path) -> Project:
    """A project with the raw books and articles."""
    project = make({"enabled_sources": ["gutenberg", "squad_dev"]})
    for source in ("gutenberg", "squad_dev"):
        (project.folder / RAW_DIR).mkdir(exist_ok=True)
        (project.folder / RAW_DIR / source).symlink_to(raw / source)
    return project


def list_partial_files(project: Project) -> list[str]:
    return [path for path in project.left() if ".partial" in path]


@pytest.mark.parametrize("number", STATUS)
@pytest.mark.parametrize("seconds", [0.15, 0.5, 1.5])
def test_an_interrupt_during_imports_ends_the_process(
    project: Project, start: Start, number: signal.Signals, seconds: float
) -> None:
    running = start(project.folder, *stage("chunk", "gutenberg"))
    time.sleep(seconds)
    running.assert_ends_at(number, "chunk@gutenberg", group=True)


@pytest.mark.parametrize("number", STATUS)
@pytest.mark.parametrize("group", [True, False])
@pytest.mark.parametrize("wait", [0.0, 0.5, None])
def test_an_interrupt_ends_leader_and_workers(
    project: Project, start: Start, number: signal.Signals, group: bool, wait: float | None
) -> None:
    """At the start of the workers, during their imports, and at work (None): a worker writes a part."""
    running = start(project.folder, *stage("chunk", "gutenberg"))
    running.wait_until(lambda: len(running.workers()) == 2)
    if wait is None:
        running.wait_until(lambda: list(project.folder.glob("data/parts/chunk/.partial/gutenberg/*")))
    else:
        time.sleep(wait)
    running.assert_ends_at(number, "chunk@gutenberg", group)
    assert list_partial_files(project) == [] and not (project.folder / CHUNKS_DIR / "gutenberg").exists()


@pytest.mark.parametrize("number", STATUS)
def test_an_interrupt_during_a_write_leaves_no_file(
    project: Project, start: Start, number: signal.Signals
) -> None:
    running = start(project.folder, *stage("chunk", "squad_dev"))
    running.wait_until(
        lambda: list(project.folder.glob("data/.partial/chunks/*/squad_dev/instances.parquet"))
    )
    running.assert_ends_at(number, "chunk@squad_dev", group=True)
    assert list_partial_files(project) == [] and not (project.folder / CHUNKS_DIR / "squad_dev").exists()


HANGING = """
import hashlib
import time
from pipeline.core import interrupts
interrupts.install_handlers("made")
interrupts.enable_keyboard_interrupt()
print("ready", flush=True)
while True:
    try:
        {hanging}
    except BaseException:
        pass
"""


@pytest.mark.parametrize("hanging", ["hashlib.pbkdf2_hmac('sha256', b'', b'', 10**9)", "time.sleep(30)"])
def test_an_interrupt_ends_a_call_that_does_not_return(tmp_path: Path, start: Start, hanging: str) -> None:
    """Python's handlers wait for the first call; the second swallows the exception."""
    running = start(tmp_path, sys.executable, "-c", HANGING.format(hanging=hanging))
    assert running.process.stdout is not None and running.process.stdout.readline() == "ready\n"
    time.sleep(0.2)
    running.assert_ends_at(signal.SIGINT, "made", group=False)


SWALLOWED = """
import sys
import time
from pathlib import Path
from pipeline.core import interrupts
from pipeline.core.atomic import atomic_file
from stages.shared.exit_status import report_errors
interrupts.install_handlers("made")
with report_errors("made"):
    print("ready", flush=True)
    try:
        {what}
    except KeyboardInterrupt:
        pass
    for name in sys.argv[1:]:
        with atomic_file(Path(name)) as aside:
            aside.write_text("made")
"""
# A process is forked for each line of atomic.py that a write runs, and interrupts itself there.
INTERRUPTED_AT = """
import json
import os
import shutil
import signal
import sys
from pathlib import Path
from pipeline.core import interrupts
from pipeline.core.atomic import atomic_file, atomic_folder, hold_lock
from stages.shared.exit_status import report_errors

def write():
    with hold_lock(Path("made/metrics.json")):
        with atomic_folder(Path("made/folder")) as folder:
            (folder / "rows").write_text("made")
        with atomic_file(Path("made/metrics.json")) as file:
            file.write_text("made")

def interrupted_at(line):
    count = 0
    def trace(frame, event, argument):
        nonlocal count
        if frame.f_code.co_filename.endswith("atomic.py"):
            count += event == "line"
            if count == line:
                sys.settrace(None)
                os.kill(os.getpid(), signal.SIGINT)
                return None
        return trace
    interrupts.install_handlers("made")
    with report_errors("made"):
        sys.settrace(trace)
        write()
        sys.settrace(None)

line, status = 0, 130
while status == 130:
    line += 1
    child = os.fork()
    if child == 0:
        interrupted_at(line)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    files = {str(path): path.is_file() and path.read_text() for path in Path().rglob("*")}
    print(json.dumps([line, status, files]), flush=True)
    shutil.rmtree("made", ignore_errors=True)
"""
IN_A_FINALIZER = "type('F', (), {'__del__': lambda self: time.sleep(30)})(); time.sleep(1)"


@pytest.mark.parametrize("number", STATUS)
@pytest.mark.parametrize("what", ["time.sleep(30)", IN_A_FINALIZER])
@pytest.mark.parametrize("files", [[], ["made.txt"]])
def test_a_swallowed_interrupt_ends_the_process(
    what: str, files: list[str], number: signal.Signals, tmp_path: Path, start: Start
) -> None:
    """Some libraries swallow it: the work is interrupted all the same, and writes nothing."""
    running = start(tmp_path, sys.executable, "-c", SWALLOWED.replace("{what}", what), *files)
    assert running.process.stdout is not None and running.process.stdout.readline() == "ready\n"
    time.sleep(0.2)
    running.assert_ends_at(number, "made", group=False)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_at_any_line_of_a_write_leaves_nothing(tmp_path: Path) -> None:
    """Also at those before a block is entered and after it is left. What is written is whole."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", INTERRUPTED_AT]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    whole = {"made": False, "made/folder": False, "made/folder/rows": "made", "made/metrics.json": "made"}
    *interrupted, (_, status, files) = map(json.loads, done.stdout.splitlines())
    assert (status, files) == (0, whole) and len(interrupted) > 100
    for line, status, files in interrupted:
        assert status == 130 and files.items() <= whole.items(), (line, files)
    assert done.stderr == "made: interrupted\n" * len(interrupted)


@pytest.mark.parametrize("number", STATUS)
@pytest.mark.parametrize("serving", [False, True])
def test_an_interrupt_ends_a_command(
    serving: bool, number: signal.Signals, built: Path, start: Start
) -> None:
    """During its imports, and while it serves."""
    port = str(find_free_port())
    running = start(built, BIN / "memcurate", "view", "--port", port)
    if serving:
        assert running.process.stdout is not None and port in running.process.stdout.readline()
    time.sleep(0.3)
    running.assert_ends_at(number, "memcurate", group=True)


def test_two_interrupts_act_as_one(project: Project, start: Start) -> None:
    running = start(project.folder, *stage("chunk", "gutenberg"))
    running.wait_until(lambda: len(running.workers()) == 2)
    os.killpg(running.process.pid, signal.SIGINT)
    running.assert_ends_at(signal.SIGINT, "chunk@gutenberg", group=True)


def test_an_ignored_interrupt_stays_ignored(project: Project) -> None:
    """A shell ignores it for its background jobs."""
    (project.folder / "run").write_text(f'trap "" INT\nexec {sys.executable} -m stages.chunk squad_dev\n')
    with subprocess.Popen(
        ["sh", "run"], cwd=project.folder, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as running:
        for _ in range(5):
            time.sleep(0.3)
            running.send_signal(signal.SIGINT)
        assert running.wait() == 0


@pytest.mark.slow
def test_interrupts_at_random_moments_leave_no_file(project: Project, start: Start) -> None:
    """Interrupted runs leave the output of a whole run; whole parts stay for the next run."""
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
            name = f"{command[2].removeprefix('stages.')}@{command[3]}"
            number, group = draws.choice(list(STATUS)), draws.random() < 0.5
            running.assert_ends_at(number, name, group, may_be_done=True)
        assert list_partial_files(project) == []
    assert {path: content for path, content in project.left().items() if "data/parts" not in path} == whole


def test_a_killed_leader_leaves_no_worker(project: Project, start: Start) -> None:
    running = start(project.folder, *stage("chunk", "gutenberg"))
    running.wait_until(lambda: len(running.workers()) == 2)
    time.sleep(2)
    children = running.children()
    running.process.kill()
    running.process.wait()
    assert are_gone(children, 10)


def test_a_killed_worker_is_an_error(project: Project, start: Start) -> None:
    running = start(project.folder, *stage("chunk", "gutenberg"))
    running.wait_until(lambda: len(running.workers()) == 2)
    time.sleep(1)
    running.workers()[0].kill()
    output, errors = running.process.communicate(timeout=30)
    assert running.process.returncode == 1 and output == ""
    assert errors.startswith("chunk@gutenberg: shards: one of 2 worker processes was killed")
    assert "MEMCURATE_WORKERS to 1" in errors.splitlines()[0] and "Traceback" not in errors
    assert list_partial_files(project) == []


@pytest.mark.parametrize(
    "module", ["cli.show", "shared.runner", "shared.versions", "shared.exit_status", "cli.bench.timing"]
)
def test_a_module_that_is_not_a_program_is_an_error(tmp_path: Path, module: str) -> None:
    done = subprocess.run(stage(module), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(f"stages.{module} does nothing by itself") and done.stderr.count("\n") == 1


def test_cli_main_is_the_memcurate_command() -> None:
    runs = [
        subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        for command in (
            [*stage("cli.main"), "bench", "--only", "nothing"],
            [BIN / "memcurate", "bench", "--only", "nothing"],
        )
    ]
    assert {done.returncode for done in runs} == {1}
    assert runs[0].stderr == runs[1].stderr and runs[0].stderr.startswith("memcurate: unknown benchmark")
