"""How a stage or command ends: what it tells on stderr."""

import pytest

from pipeline.core.errors import MemcurateError
from stages.shared.exit_status import report_errors


def test_hidden_characters_in_an_error_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="1"), report_errors("chunk@made"):
        raise MemcurateError("\x1b]0;owned\x07name \u202etxt.exe\ud83d: mend it")
    assert (
        capsys.readouterr().err
        == "chunk@made: [U+001B]]0;owned[U+0007]name [U+202E]txt.exe[U+D83D]: mend it\n"
    )
