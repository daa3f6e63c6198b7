"""Inputs through doors in watched processes: what they raised, and how much time and memory they took."""

import multiprocessing
import os
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from pipeline.core.errors import MemcurateError
from tests.fuzz.mutations import mutated

SECONDS = 5.0  # of the processor, for one input
_WALL = 30.0  # seconds after which a process that says nothing is killed: it may stand in a loop, or wait
MEGABYTES = 1024  # resident, at the most
_ADDRESSES = 16 << 30  # bytes of address space, so that a mistake does not take the machine along


@dataclass(frozen=True, slots=True)
class Door:
    """A place where text or bytes of strangers enter."""

    name: str
    seeds: Callable[[], Sequence[bytes]]  # valid inputs that are mutated
    enter: Callable[[bytes, Path], None]  # an input and an empty folder; MemcurateError is an answer
    allowed: tuple[type[Exception], ...] = ()  # other exceptions that are an answer here
    mutate: Callable[[bytes, Sequence[bytes], Random], bytes] = mutated
    share: float = 1.0  # of the inputs, beside the other doors


@dataclass(frozen=True, slots=True)
class Finding:
    """An input that a door does not stand."""

    door: str
    number: int
    what: str  # the same for all alike: exception and place
    detail: str
    data: bytes = field(repr=False)


@dataclass(slots=True)
class Tally:
    """What went through one door."""

    inputs: int = 0
    refused: int = 0  # answered with an error for people
    slowest: float = 0.0  # seconds of the processor
    memory: int = 0  # megabytes, of the process at its peak
    findings: list[Finding] = field(default_factory=list)


def input_of(door: Door, seed: int, number: int) -> bytes:
    """Return input `number` of a door: the same on every machine."""
    random = Random(f"{seed}/{door.name}/{number}")
    seeds = door.seeds()
    return door.mutate(random.choice(seeds), seeds, random)


def run(
    doors: Sequence[Door], inputs: int, seed: int, workers: int, report: Callable[[str], None] = print
) -> dict[str, Tally]:
    """Send about `inputs` inputs through the doors by their shares; return what came of each door.

    Numbers are given out in blocks; what a worker leaves of its block when it dies goes to another.
    """
    tallies = {door.name: Tally() for door in doors}
    blocks = _blocks(doors, inputs)
    crew = [_Worker(doors, seed) for _ in range(min(workers, len(blocks)))]
    done, total, last = 0, sum(stop - start for _, start, stop in blocks), time.monotonic()
    waiting = list(reversed(blocks))
    try:
        while waiting or any(worker.block for worker in crew):
            for worker in crew:
                if worker.block is None and waiting:
                    worker.give(waiting.pop())
                for name, tally, rest in worker.take():
                    _add(tallies[name], tally)
                    done += tally.inputs
                    if rest is not None:
                        waiting.append(rest)
            if time.monotonic() - last > 30:
                last = time.monotonic()
                found = sum(len(one.findings) for one in tallies.values())
                report(f"{done:,} of {total:,} inputs, {found} findings")
            time.sleep(0.02)
    finally:
        for worker in crew:
            worker.stop()
    return tallies


Block = tuple[str, int, int]  # door, first number, one past the last


def _blocks(doors: Sequence[Door], inputs: int) -> list[Block]:
    """The numbers of each door in blocks, the doors by turns."""
    whole = sum(door.share for door in doors)
    counts = {door.name: max(1, round(inputs * door.share / whole)) for door in doors}
    size = max(1, min(200, inputs // (2 * len(doors))))
    made = [(start, name) for name, count in counts.items() for start in range(0, count, size)]
    return [(name, start, min(start + size, counts[name])) for start, name in sorted(made)]


def _add(total: Tally, part: Tally) -> None:
    total.inputs += part.inputs
    total.refused += part.refused
    total.slowest = max(total.slowest, part.slowest)
    total.memory = max(total.memory, part.memory)
    total.findings += part.findings


class _Worker:
    """A process that takes blocks, and is started anew when it was killed."""

    def __init__(self, doors: Sequence[Door], seed: int) -> None:
        self._doors = {door.name: door for door in doors}
        self._seed = seed
        self.block: Block | None = None
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("fork")
        self._pipe, theirs = context.Pipe()
        self._log = tempfile.NamedTemporaryFile("w+", suffix=".fuzz")  # noqa: SIM115  # closed with the worker
        self._process = context.Process(
            target=_work, args=(theirs, self._doors, self._seed, Path(self._log.name)), daemon=True
        )
        self._process.start()
        theirs.close()
        self._heard = time.monotonic()
        self._number = -1

    def give(self, block: Block) -> None:
        self.block, self._number, self._heard = block, block[1], time.monotonic()
        self._pipe.send(block)

    def take(self) -> Iterator[tuple[str, Tally, Block | None]]:
        """What was done since: (door, tally, what is left of a block whose process is gone)."""
        if self.block is None:
            return
        name, _, stop = self.block
        try:
            while self._pipe.poll():
                self._heard = time.monotonic()
                message = self._pipe.recv()
                if isinstance(message, int):
                    self._number = message
                    continue
                if self._number + 1 == stop:
                    self.block = None
                yield name, message, None
                if self.block is None:
                    return
        except (EOFError, OSError):
            yield self._gone(name, stop, f"the process died: {self._ended()}")
            return
        if not self._process.is_alive():
            yield self._gone(name, stop, f"the process died: {self._ended()}")
        elif time.monotonic() - self._heard > _WALL:
            yield self._gone(name, stop, f"no end within {_WALL:g} s")

    def _ended(self) -> str:
        self._process.join(5)
        return f"exit code {self._process.exitcode}"

    def _gone(self, name: str, stop: int, what: str) -> tuple[str, Tally, Block | None]:
        number = self._number
        where, path = self._where(), Path(f"{self._log.name}.input")
        data = path.read_bytes() if path.exists() else b""
        self.stop()
        tally = Tally(inputs=1, findings=[Finding(name, number, what, where, data)])
        self.block = None
        self._start()
        return name, tally, (name, number + 1, stop) if number + 1 < stop else None

    def _where(self) -> str:
        """Where a process that does not end stands, as faulthandler writes it down."""
        return Path(self._log.name).read_text(encoding="utf-8", errors="replace")[-4_000:]

    def stop(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()
        self._log.close()
        Path(f"{self._log.name}.input").unlink(missing_ok=True)


def _work(pipe: Connection, doors: dict[str, Door], seed: int, log: Path) -> None:
    import faulthandler

    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES, _ADDRESSES))
    written = log.open("w", encoding="utf-8")  # as long as the process
    faulthandler.enable(written)
    sys.stderr = sys.stdout = Path("/dev/null").open("w", encoding="utf-8")  # noqa: SIM115
    leader = os.getppid()
    while True:
        while not pipe.poll(1):
            if os.getppid() != leader:
                return
        name, start, stop = pipe.recv()
        for number in range(start, stop):
            pipe.send(number)
            faulthandler.dump_traceback_later(_WALL - 5, file=written)
            data = input_of(doors[name], seed, number)
            Path(f"{log}.input").write_bytes(data)
            pipe.send(_tried(doors[name], number, data))
            faulthandler.cancel_dump_traceback_later()


def _tried(door: Door, number: int, data: bytes) -> Tally:
    tally, before = Tally(inputs=1), _peak()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        start = time.process_time()
        problem = None
        try:
            door.enter(data, Path(scratch))
        except (MemcurateError, *door.allowed):
            tally.refused += 1
        except BaseException as error:
            problem = _described(error)
        seconds = time.process_time() - start
    tally.slowest, tally.memory = seconds, _peak()
    if problem is not None:
        tally.findings.append(Finding(door.name, number, *problem, data))
    if seconds > SECONDS:
        tally.findings.append(Finding(door.name, number, "too slow", f"{seconds:.1f} s", data))
    if _peak() > MEGABYTES >= before:
        tally.findings.append(
            Finding(door.name, number, "too much memory", f"{before} to {_peak()} MB", data)
        )
    return tally


def _peak() -> int:
    """Megabytes that this process held at its peak."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _described(error: BaseException) -> tuple[str, str]:
    """(exception and the project's line that it came from; the whole traceback)."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [
        frame
        for frame in frames
        if any(f"/{room}/" in frame.filename for room in ("pipeline", "training", "stages"))
    ]
    last = (ours or frames)[-1]
    where = f"{Path(last.filename).parent.name}/{Path(last.filename).name}:{last.lineno}"
    text = "".join(traceback.format_exception(error, limit=-12))
    return f"{type(error).__name__} at {where}", text[-6_000:].encode("utf-8", "backslashreplace").decode()
