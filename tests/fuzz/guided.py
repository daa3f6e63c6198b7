"""A door fuzzed by coverage, in a process of its own: `python -m tests.fuzz.guided DOOR FOLDER ASSETS FLAGS`.

libFuzzer keeps the inputs that reach new code in FOLDER/corpus, and mutates those; half of its mutations are
the door's own. FLAGS are its options. Findings go to FOLDER/findings. A file in place of a flag is an input
that is run alone.
"""

import hashlib
import os
import resource
import shutil
import sys
from functools import partial
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["pipeline", "training"]):
    from tests.fuzz.door import Door, send
    from tests.fuzz.doors import doors
    from tests.fuzz.runner import LAST_INPUT

_ADDRESSES = 16 << 30  # bytes of address space, so that a mistake does not take the machine along
_MAX_BYTES = 100_000  # of an input


def main(name: str, folder: Path, assets: Path, flags: list[str]) -> None:
    """Fuzz until the flags end it."""
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES, _ADDRESSES))
    door = next(door for door in doors(assets) if door.name == name)
    findings, corpus, scratch = (folder / name for name in ("findings", "corpus", "scratch"))
    shutil.rmtree(scratch, ignore_errors=True)
    for path in (findings, corpus, scratch):
        path.mkdir(parents=True, exist_ok=True)
    for seed in door.seeds():
        (corpus / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
    sys.stderr = sys.stdout = Path("/dev/null").open("w", encoding="utf-8")  # noqa: SIM115  # as long as the process
    own = [f"-artifact_prefix={findings}/", f"-max_len={_MAX_BYTES}", "-len_control=0"]
    atheris.Setup(
        [sys.argv[0], *own, *flags, *([] if any(Path(flag).is_file() for flag in flags) else [str(corpus)])],
        partial(_send, door, os.open(folder / LAST_INPUT, os.O_CREAT | os.O_WRONLY), folder),
        custom_mutator=lambda data, most, number: _mutate(door, data, most, number),
    )
    atheris.Fuzz()


def _send(door: Door, last_input: int, folder: Path, data: bytes) -> None:
    os.pwrite(last_input, data, 0)
    os.ftruncate(last_input, len(data))
    for finding in send(door, data, folder / "scratch"):
        finding.write(folder / "findings", data)


def _mutate(door: Door, data: bytes, most: int, number: int) -> bytes:
    random = Random(number)
    if random.random() < 0.5:
        return door.mutate(data, door.seeds(), random)[:most]
    mutation: bytes = atheris.Mutate(data, most)
    return mutation


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
