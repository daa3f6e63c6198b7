"""A short run of the faults; and a stage that leaves half of its output is found."""

import signal
from pathlib import Path
from random import Random

import pytest

from tests.faults.kills import Kill, check_end, draw_kill, kill
from tests.faults.machine_faults import disturb, draw_fault
from tests.faults.repro_kills import draw_repro_kill, kill_repro
from tests.faults.sandbox import Sandbox, Stage, list_stages, make_sandbox

pytestmark = pytest.mark.slow

NUM_KILLS = 30
NUM_REPRO_KILLS = 3
NUM_MACHINE_FAULTS = 10
CHUNK = Stage("chunk", "books")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, assets: Path) -> Sandbox:
    made = make_sandbox(tmp_path_factory.mktemp("faults") / "project", assets, list_stages())
    return [sandbox for sandbox, _ in made][-1]


def test_kills(sandbox: Sandbox) -> None:
    draw = Random(2)
    for _ in range(NUM_KILLS):
        stage = draw.choice(list_stages()[:-3])
        planned = draw_kill(draw, sandbox, stage)
        assert list(kill(sandbox, stage, planned, draw.random() < 0.5)) == [], (stage, planned)


def test_kills_of_a_repro(sandbox: Sandbox) -> None:
    draw = Random(2)
    for _ in range(NUM_REPRO_KILLS):
        planned = draw_repro_kill(draw, sandbox)
        assert list(kill_repro(sandbox, planned)) == [], planned


def test_faults_of_the_machine(sandbox: Sandbox) -> None:
    draw = Random(2)
    for _ in range(NUM_MACHINE_FAULTS):
        stage = draw.choice(list_stages()[:-3])
        fault = draw_fault(draw, sandbox, stage, may_mount=False)
        assert list(disturb(sandbox, stage, fault)) == [], (stage, fault)


def test_what_does_not_hold_is_found(sandbox: Sandbox) -> None:
    """Another output than the undisturbed one, a file beside it, and a kill that comes."""
    changed = sandbox.folder / "data" / "chunks" / "books" / "statistics.json"
    changed.write_text("{}")
    (sandbox.temporary / "left").touch()
    found = list(check_end(sandbox, CHUNK, "a run"))
    assert found[0] == "half-written: ['data/chunks/books']"
    assert found[1].startswith("afterwards: chunk@books left [") and len(found) == 2
    sandbox.clear()
    assert list(kill(sandbox, CHUNK, Kill(signal.SIGKILL, "group", change=20), keep_old=True)) == []
