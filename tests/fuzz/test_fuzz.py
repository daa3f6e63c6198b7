"""A short run over every door, one that coverage guides, and that what does not hold is found."""

import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from pipeline.core.errors import MemcurateError
from tests.fuzz import door as one_door
from tests.fuzz import runner
from tests.fuzz.door import Door, Finding, send
from tests.fuzz.doors import doors
from tests.fuzz.runner import Tally, run

INPUTS = 12  # of each door, in the fast run
GUIDED = ("calls", "completion", "json", "matcher", "own files", "params", "people/worlds.jsonl", "reply")

# Doors in place of the project's: what they do depends on the input.
MADE_DOORS = """
import os, sys, time
from pathlib import Path
import atheris
from tests.fuzz import guided
from tests.fuzz.door import Door

name, folder, assets, *flags = sys.argv[1:]

@atheris.instrument_func
def enter(data, scratch):
    while name == "hangs" and data == b"no end":
        time.sleep(0.1)
    if data[:1] == b"k":
        raise KeyError("k")
    if data[:1] == b"x" and data[1:2] == b"y" and data[2:3] == b"z":
        os._exit(3)

guided.doors = lambda assets: [Door(name, lambda: [b"no end"] if name == "hangs" else [b"abc"], enter)]
guided.main(name, Path(folder), Path(assets), flags)
"""


def _door(enter: Callable[[bytes, Path], None]) -> Door:
    return Door("made", lambda: [b"seed"], enter)


def _raise(error: Exception) -> None:
    raise error


def test_an_error_for_people_is_an_answer(tmp_path: Path) -> None:
    assert send(_door(lambda data, scratch: _raise(MemcurateError("no"))), b"", tmp_path) == []


def test_the_folder_of_an_input_is_empty_afterwards(tmp_path: Path) -> None:
    def enter(data: bytes, scratch: Path) -> None:
        (scratch / "folder").mkdir()
        (scratch / "folder" / "file").touch()
        (scratch / "link").symlink_to(scratch / "folder")

    assert send(_door(enter), b"", tmp_path) == [] and list(tmp_path.iterdir()) == []


def test_another_exception_is_a_finding_kept_once_with_its_input(tmp_path: Path) -> None:
    (found,) = send(_door(lambda data, scratch: _raise(KeyError("x"))), b"", tmp_path)
    assert found.what.startswith("KeyError at ") and "Traceback" in found.detail
    for data in (b"first", b"second"):
        found.write(tmp_path, data)
    Finding("another", "").write(tmp_path, b"third")
    assert sorted(path.read_bytes() for path in tmp_path.glob("*.bin")) == [b"first", b"third"]


def test_time_and_memory_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_door, "SECONDS", 0.2)
    monkeypatch.setattr(one_door, "MEGABYTES", one_door._peak() + 20)

    def work(data: bytes, scratch: Path) -> None:
        end = time.process_time() + 0.3
        while time.process_time() < end:
            pass

    held: list[bytes] = []
    assert [one.what for one in send(_door(work), b"", tmp_path)] == ["too slow"]
    memory = send(_door(lambda data, scratch: held.append(b"x" * (200 << 20))), b"", tmp_path)
    assert "too much memory" in [one.what for one in memory]


def test_every_door_holds(assets: Path, tmp_path: Path) -> None:
    """Some 900 inputs; `make fuzz` sends millions."""
    chosen = doors(assets)
    for door in chosen:
        seeds = door.seeds()
        for number in range(INPUTS):
            random = Random(f"{door.name}/{number}")
            data = door.mutate(random.choice(seeds), seeds, random)
            assert send(door, data, tmp_path) == [], (door.name, number)
    assert len(chosen) > 50


def _fuzz_made(name: str, seconds: float, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Tally:
    pytest.importorskip("atheris")
    script = folder / "made.py"
    script.write_text(MADE_DOORS)
    monkeypatch.setattr(runner, "_PROGRAM", (str(script),))
    monkeypatch.setattr(runner, "_HANGING", 3)
    ((_, tally),) = run([Door(name, list, lambda *_: None)], seconds, 0, 1, folder / "fuzz", folder)
    return tally


@pytest.mark.slow
def test_coverage_leads_to_an_exception_and_to_a_death_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally = _fuzz_made("made", 10, tmp_path, monkeypatch)
    assert tally.inputs > 1_000 and tally.new_paths > 0
    told = [path for path in tally.findings if path.with_suffix(".txt").exists()]
    assert [path.read_bytes()[:1] for path in told] == [b"k"]  # one of many
    deaths = [path.read_bytes()[:3] for path in tally.findings if path not in told]
    assert deaths and {*deaths} == {b"xyz"}


@pytest.mark.slow
def test_an_input_without_end_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_MAX_DEATHS", 2)
    tally = _fuzz_made("hangs", 5, tmp_path, monkeypatch)
    assert [path.read_bytes() for path in tally.findings if path.name.startswith("timeout-")] == [b"no end"]


@pytest.mark.slow
def test_a_guided_run_finds_nothing(assets: Path, tmp_path: Path) -> None:
    """A minute over some doors; `make fuzz` takes all."""
    pytest.importorskip("atheris")
    chosen = [door for door in doors(assets) if door.name in GUIDED]
    tallies = dict(run(chosen, 30, 1, 2, tmp_path, assets.resolve()))
    assert {*tallies} == {*GUIDED}
    for name, tally in tallies.items():
        assert tally.findings == [], (name, list(map(Path.read_bytes, tally.findings)))
        assert tally.inputs > 20 and tally.new_paths > 0, name
