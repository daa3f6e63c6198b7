"""The loop: change params, rebuild, check; undo and go back to the first params from time to time."""

import difflib
import json
import re
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from pipeline.core.errors import MemcurateError
from pipeline.core.params import Params, load_params
from tests.integration.project import tree
from tests.soak.changes import Change, apply_change, draw_change
from tests.soak.invariants import Build, find_broken
from tests.soak.project import (
    Rebuild,
    Snapshot,
    commit,
    data_stages,
    find_error,
    find_reasonless,
    format_yaml,
    locked_outputs,
    make_project,
    read_params,
    rebuild,
    take_snapshot,
    write_params,
)

_TRACEBACK = "Traceback (most recent call last)"
_BACK_TO_FIRST = "back to the first params"
_MAX_SHOWN = 110
# A key in an error.
_KEY = re.compile(r"`\w|params\.yaml:|\b(?:sources|split|dataset|chunking|questions|checks)\.\w")


@dataclass(frozen=True)
class Finding:
    """A thing that did not hold after a rebuild, and the params that reproduce it."""

    rebuild: int
    lines: list[str]
    params: dict[str, Any]
    first_params: dict[str, Any]

    @property
    def diff(self) -> str:
        """The change from the first params, line by line."""
        first, now = (format_yaml(one).splitlines(keepends=True) for one in (self.first_params, self.params))
        return "".join(difflib.unified_diff(first, now, "first", "params.yaml"))


@dataclass
class Summary:
    """The result of a run."""

    rebuilds: int = 0
    refused: Counter[str] = field(default_factory=Counter)  # by the error, its first line
    seconds: list[float] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


class Soak:
    """A project that is changed and rebuilt, rebuild by rebuild."""

    def __init__(self, folder: Path, seed: int, starter: bool, report: Callable[[str], None] = print) -> None:
        """Make a project in a new folder. `report` prints a line."""
        self.summary = Summary()
        self._report = report
        self._random = Random(seed)
        self._project = make_project(folder, starter)
        commit(self._project)
        self._stack = [read_params(self._project)]  # the first params, and the changes on top of each other
        self._first_files: dict[str, str] = {}
        self._first_outputs: dict[str, Any] = {}
        self._datasets: dict[str, dict[str, str]] = {}  # the files of data/dataset, by the params
        self._snapshot: Snapshot | None = None  # of the last rebuild that was complete

    @property
    def project(self) -> Path:
        """The project's folder."""
        return self._project

    def build_first(self) -> None:
        """Build the first params, which all later ones begin from."""
        result = rebuild(self._project, workers=2)
        commit(self._project)
        if not result.is_complete:
            raise RuntimeError(f"the first params do not build:\n{result.output[-4_000:]}")
        self._first_files = tree(self._project / "data")
        self._first_outputs = locked_outputs(self._project, data_stages(self._stack[0]))
        self._finish("the first params", self._stack[0], result, self._check(result))

    def step(self) -> None:
        """Change the params, rebuild and check."""
        draw = self._random.random()
        workers = self._random.choice((1, 2))
        if draw < 0.12:
            self.go_back(workers, use_run_cache=True)
        elif draw < 0.16:
            self.go_back(workers, use_run_cache=False)
        elif draw < 0.28 and len(self._stack) > 2:
            self._stack.pop()
            self._rebuild("undo", self._stack.pop(), workers)
        else:
            if draw < 0.45:
                del self._stack[1:]
            change = self._draw()
            self._rebuild(_describe(change), apply_change(self._stack[-1], change), workers)

    def _draw(self) -> Change:
        first, now = (self._load(values) for values in (self._stack[0], self._stack[-1]))
        while not (change := draw_change(now, first, self._random)):
            pass
        return change

    def _load(self, values: dict[str, Any]) -> Params:
        write_params(self._project, values)
        return load_params(self._project / "params.yaml")

    def go_back(self, workers: int, use_run_cache: bool) -> None:
        """Rebuild the first params: the first bytes, and from DVC's run cache no stage that runs."""
        del self._stack[1:]
        name = _BACK_TO_FIRST if use_run_cache else f"{_BACK_TO_FIRST}, without the run cache"
        result = self._run(self._stack[0], workers, use_run_cache)
        broken = self._check(result)
        if not result.is_complete:
            broken.append("the first params do not build again")
        else:
            files = tree(self._project / "data")
            differing = sorted(
                path
                for path in {*files, *self._first_files}
                if files.get(path) != self._first_files.get(path)
            )
            if differing:
                broken.append(f"{len(differing)} files are not the first ones: {', '.join(differing[:5])}")
            if locked_outputs(self._project, data_stages(self._stack[0])) != self._first_outputs:
                broken.append("dvc.lock has other outputs than at first")
            if use_run_cache and result.ran:
                broken.append(f"stages ran that the run cache has: {', '.join(sorted(result.ran))}")
        self._finish(name, self._stack[0], result, broken)

    def _rebuild(self, name: str, values: dict[str, Any], workers: int) -> None:
        result = self._run(values, workers)
        broken = self._check(result)
        if result.is_complete:
            self._stack.append(values)
        self._finish(name, values, result, broken)

    def _run(self, values: dict[str, Any], workers: int, use_run_cache: bool = True) -> Rebuild:
        write_params(self._project, values)
        return rebuild(self._project, workers, use_run_cache)

    def _check(self, result: Rebuild) -> list[str]:
        """Return what does not hold after a rebuild."""
        if _TRACEBACK in result.output:
            return [f"a traceback:\n{result.output[-4_000:]}"]
        if not result.is_complete:
            self._snapshot = None
            return self._check_refusal(result)
        try:
            broken = find_broken(Build(self._project))
        except (MemcurateError, LookupError, TypeError, ValueError, OSError):
            broken = [f"a file cannot be checked:\n{traceback.format_exc()}"]
        key = json.dumps(read_params(self._project), sort_keys=True)
        files = tree(self._project / "data" / "dataset")
        if self._datasets.setdefault(key, files) != files:
            broken.append("the dataset is not the one that the same params gave before")
        before, self._snapshot = self._snapshot, take_snapshot(self._project)
        if before is not None:
            reasonless = find_reasonless(self._project, result.ran, before, self._snapshot)
            broken += [f"{stage} ran, though nothing that it depends on changed" for stage in reasonless]
        return broken

    def _check_refusal(self, result: Rebuild) -> list[str]:
        """Count the error of a rebuild that failed; return a line where it says nothing that helps."""
        error = find_error(result.output)
        self.summary.refused[_shorten(error)] += 1
        return [] if _KEY.search(error) else [f"an error that names no key:\n{error}"]

    def _finish(self, name: str, values: dict[str, Any], result: Rebuild, broken: list[str]) -> None:
        """Print the line of a rebuild, and keep its finding; after one, start from the first params again."""
        self.summary.rebuilds += 1
        self.summary.seconds.append(result.seconds)
        if result.is_complete:
            done = f"{len(result.ran)} stages ran, {len(result.cached)} from the run cache"
        else:
            done = f"refused: {_shorten(find_error(result.output))}"
        self._report(f"{self.summary.rebuilds:>4} {result.seconds:>6.1f} s  {name}: {done}")
        if broken:
            self._report("".join(f"     finding: {line}\n" for line in broken).rstrip())
            self.summary.findings.append(Finding(self.summary.rebuilds, broken, values, self._stack[0]))
            del self._stack[1:]


def _describe(change: Change) -> str:
    return _shorten(", ".join(f"{key}={value!r}" for key, value in change.items()))


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_SHOWN else f"{line[:_MAX_SHOWN]}…"
