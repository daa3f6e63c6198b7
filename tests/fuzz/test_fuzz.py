"""A short run over every door, and that the runner finds what it is there for."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from pipeline.core.errors import MemcurateError
from tests.fuzz.doors import doors
from tests.fuzz.runner import Door, Tally, input_of, run


def _through(enter: Callable[[bytes, Path], None], inputs: int = 20) -> Tally:
    return run([Door("made", lambda: [b"seed"], enter)], inputs, 0, 1)["made"]


def _raise(error: Exception) -> None:
    raise error


def test_inputs_are_the_same_for_a_seed() -> None:
    door = Door("made", lambda: [b'{"a": [1, "b"]}', b"text"], lambda data, scratch: None)
    made = [input_of(door, 0, number) for number in range(50)]
    assert made == [input_of(door, 0, number) for number in range(50)]
    assert made != [input_of(door, 1, number) for number in range(50)]


def test_an_error_for_people_is_an_answer() -> None:
    tally = _through(lambda data, scratch: _raise(MemcurateError("no")))
    assert (tally.inputs, tally.refused, tally.findings) == (20, 20, [])


def test_another_exception_is_a_finding_with_its_input() -> None:
    tally = _through(lambda data, scratch: _raise(KeyError("x")))
    assert len(tally.findings) == 20
    assert tally.findings[0].what.startswith("KeyError at ")
    assert tally.findings[3].data == input_of(Door("made", lambda: [b"seed"], lambda *_: None), 0, 3)


def test_a_process_that_dies_or_does_not_end_is_a_finding_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.fuzz.runner._WALL", 6.0)

    def enter(data: bytes, scratch: Path) -> None:
        if data == b"dies":
            os._exit(3)
        while data == b"hangs":
            time.sleep(1)

    inputs = [b"fine", b"dies", b"fine", b"hangs", b"fine", b"fine"]

    tally = run([Door("made", lambda: [b"seed"], enter, mutate=_nth(inputs))], 6, 0, 1)["made"]
    assert tally.inputs == 6
    assert [(one.number, one.what) for one in tally.findings] == [
        (1, "the process died: exit code 3"),
        (3, "no end within 6 s"),
    ]


def _nth(inputs: list[bytes]) -> Callable[[bytes, object, Random], bytes]:
    """Gives input n for number n: found by the generator's state, which follows from the number."""

    def mutate(data: bytes, others: object, random: Random) -> bytes:
        for number, made in enumerate(inputs):
            same = Random(f"0/made/{number}")
            same.choice([b"seed"])
            if same.getstate() == random.getstate():
                return made
        raise AssertionError

    return mutate


def test_time_and_memory_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.runner.SECONDS", 0.2)

    def slow(data: bytes, scratch: Path) -> None:
        end = time.process_time() + 0.3
        while time.process_time() < end:
            pass

    assert [one.what for one in _through(slow, 1).findings] == ["too slow"]
    held: list[bytearray] = []
    memory = _through(lambda data, scratch: held.append(bytearray(b"x") * (1200 << 20)), 1)
    assert "too much memory" in [one.what for one in memory.findings]


def test_every_door_holds(assets: Path) -> None:
    """Some 1,000 inputs; `make fuzz` sends 200,000."""
    chosen = doors(assets)
    found = [one for tally in run(chosen, 1_000, 1, 1).values() for one in tally.findings]
    assert not found, "\n\n".join(f"{one.door} {one.number}: {one.what}\n{one.detail}" for one in found)
    assert len(chosen) > 50
