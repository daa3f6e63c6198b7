"""How a stage or command ends: what it tells on stderr."""

import shutil
import subprocess
import sys

import pyarrow as pa
import pytest

from pipeline.core.errors import MemcurateError
from stages.shared.exit_status import report_errors
from tests.conftest import ROOT


def test_hidden_characters_in_an_error_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="1"), report_errors("chunk@made"):
        raise MemcurateError("\x1b]0;owned\x07name \u202etxt.exe\ud83d: mend it")
    assert (
        capsys.readouterr().err
        == "chunk@made: [U+001B]]0;owned[U+0007]name [U+202E]txt.exe[U+D83D]: mend it\n"
    )


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (MemoryError(), "MemoryError"),
        (pa.ArrowMemoryError("malloc of size 64 failed"), "malloc of size 64 failed"),
        (
            pa.ArrowException(
                "Unknown error: Failed to launch worker thread: Resource temporarily unavailable"
            ),
            "Unknown error: Failed to launch worker thread: Resource temporarily unavailable",
        ),
        (RuntimeError("can't start new thread"), "can't start new thread"),
        (
            RuntimeError("[enforce fail at alloc.cpp:1]\nDefaultCPUAllocator: can't allocate memory"),
            "[enforce fail at alloc.cpp:1] DefaultCPUAllocator: can't allocate memory",
        ),
    ],
)
def test_a_lack_of_memory_is_one_line(
    error: Exception, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="1"), report_errors("chunk@made"):
        raise error
    assert capsys.readouterr().err == (
        f"chunk@made: memory ran out ({what}): free memory, raise its limit (`ulimit -v`), or set "
        "MEMCURATE_WORKERS to fewer, and run this again\n"
    )


def test_a_fault_of_the_code_keeps_its_traceback() -> None:
    with pytest.raises(LookupError), report_errors("chunk@made"):
        raise LookupError("no such key")


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="prlimit is not installed")
@pytest.mark.parametrize("megabytes", [60, 100])
def test_too_little_memory_for_the_modules_is_one_line(megabytes: int) -> None:
    command = ["prlimit", f"--as={megabytes << 20}", "--", sys.executable, "-m", "stages.chunk", "any"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("chunk@any: memory ran out (")
    assert "Traceback" not in done.stderr
