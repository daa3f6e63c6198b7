"""The stages, each run by `python -m stages.NAME`, and the memcurate command.

Interrupts are seen to here, before the modules are imported, which takes seconds.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

from pipeline import interrupts


def _begin(module: str, arguments: list[str]) -> None:
    """Begin `python -m MODULE ARGUMENT…`. Exits with a line where the module is not a program."""
    spec = find_spec(module)
    if (
        spec is not None
        and spec.origin is not None
        and "__main__" not in Path(spec.origin).read_text("utf-8")
    ):
        sys.exit(
            f"{module} does nothing by itself: `memcurate --help` lists the commands, dvc.yaml the stages"
        )
    interrupts.install("@".join([module.removeprefix("stages."), *arguments[:1]]))


_program, *_arguments = sys.argv or [""]
if _program == "-m":  # until Python has found the module, which is in this package
    _begin(sys.orig_argv[-len(sys.argv)].removeprefix("-m"), _arguments)
elif Path(_program).name == "memcurate":
    interrupts.install("memcurate")
elif "multiprocessing.spawn" in sys.modules:
    interrupts.end_with_leader()
