"""How a stage or command ends: what it tells on stderr."""

import pytest

from pipeline.errors import MemcurateError
from stages.exits import for_people


def test_a_strangers_name_does_nothing_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="1"), for_people("chunk@made"):
        raise MemcurateError("\x1b]0;owned\x07name \u202etxt.exe\ud83d: mend it")
    assert (
        capsys.readouterr().err
        == "chunk@made: [U+001B]]0;owned[U+0007]name [U+202E]txt.exe[U+D83D]: mend it\n"
    )
