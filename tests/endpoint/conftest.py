"""An answer cache of each test's own, and items that a server of faults can answer."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from pipeline.endpoint import client
from pipeline.endpoint.asking import Asker, Item, Outcome
from pipeline.params import Ask

HOW = Ask(model="m", revision="1", temperature=0.5, max_tokens=64)


class Said(BaseModel):
    """What the server of faults answers."""

    model_config = ConfigDict(strict=True)

    answer: str


def ask(asked: list[Item[Said]], how: Ask, step: str) -> list[Outcome[Said]]:
    """As a stage that begins asks."""
    return Asker().ask(asked, how, step)


def items(count: int, first: int = 0) -> list[Item[Said]]:
    return [
        Item(f"i{number}", [{"role": "user", "content": f"question {number}"}], Said)
        for number in range(first, first + count)
    ]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_ANSWERS", str(tmp_path / "answers.sqlite"))
    monkeypatch.setenv("MEMCURATE_ENDPOINT_AT_ONCE", "8")
    # The waits of a real server are seconds: here they keep their shape.
    monkeypatch.setattr(client, "_FIRST_WAIT", 0.01)
