"""Files that a finished build leaves behind."""

import re
from collections.abc import Iterator

from tests.integration.project import run
from tests.soak.invariants.build import Build

_LEFT = re.compile(r"\.partial$|^\.probe-|\.tmp$|\.[0-9a-f]{16}$|\.lock$")
_GENERATED = ("params.yaml", "dvc.lock", "inputs/dvc.lock", "metrics/")


def find_leftovers(build: Build) -> Iterator[str]:
    """Yield unfinished parts, staging folders, temporary files, and files that git does not know."""
    project = build.project
    if (project / "data" / "parts").exists():
        yield "data/parts is left"
    for path in (project / "data").rglob("*"):
        if _LEFT.search(path.name):
            yield f"{path.relative_to(project)} is left"
    for line in run(project, "git", "status", "--porcelain").splitlines():
        if not line[3:].startswith(_GENERATED):
            yield f"git status: {line}"
    yield from (f".partial/{path.name} is left" for path in (project / ".partial").glob("*"))
