"""The README's five minutes with one's own data: its commands, run with the real dvc."""

import json
import re
from pathlib import Path

import pytest
import yaml

from pipeline.core.schema import Instance
from pipeline.core.storage import read_rows
from tests.conftest import ROOT
from tests.integration.project import BIN, copy_repository, run

pytestmark = pytest.mark.slow

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def read_blocks() -> dict[str, str]:
    """Return the blocks of the section by language; "" is the commands."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Your data in five minutes\n")[2]
    return dict(_BLOCK.findall(section.partition("\n## ")[0]))


def write_chats(path: Path, raw: Path) -> None:
    """Write 400 real chats of two people, a line each, in OpenAI's shape."""
    path.parent.mkdir()
    chats = json.loads((raw / "chitchat" / "dataset.json").read_text(encoding="utf-8"))
    lines = []
    for chat in list(chats.values())[:400]:
        first = chat["messages"][0][0]["sender"]
        messages = [
            {"role": "user" if one["sender"] == first else "assistant", "content": one["text"]}
            for turn in chat["messages"]
            for one in turn
        ]
        lines.append(json.dumps({"messages": messages}) + "\n")
    path.write_text("".join(lines), encoding="utf-8")


def test_own_data_as_the_readme_says(raw: Path, tmp_path: Path) -> None:
    """The commands give instances with questions, and the block that is shown is the one written."""
    project = copy_repository(tmp_path / "project")
    blocks = read_blocks()
    write_chats(project / "own" / "chats.jsonl", raw)
    commands = [line.partition("#")[0].strip() for line in blocks[""].splitlines()]
    setup, *others = commands
    assert setup == "make setup && source .venv/bin/activate" and others[-1] == "make data"
    for command in others[:-1]:  # `make data` builds all sources
        run(project, "sh", "-c", command)
    name, _, block = blocks["yaml"].partition("sources:\n")[2].partition("\n")
    assert name.strip() == "chats:"
    written = yaml.safe_load((project / "params.yaml").read_text(encoding="utf-8"))
    assert written["sources"]["chats"] == yaml.safe_load(block)
    assert "chats" in written["enabled_sources"]
    instances = list(read_rows(project / "data/filtered/chats/instances.parquet", Instance))
    assert {instance.split for instance in instances} == {"train", "test"}
    assert sum(len(instance.questions) for instance in instances) >= 3 * len(instances)
    assert instances[0].document in run(project, BIN / "memcurate", "show", instances[0].id)
