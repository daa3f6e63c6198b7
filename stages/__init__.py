"""The DVC stages, each run by `python -m stages.NAME`, and the memcurate command in `cli`.

Interrupt handlers are installed here, before the modules are imported, which takes seconds.
"""

import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

from pipeline.core import interrupts
from pipeline.core.errors import from_memory_error, is_out_of_memory


def _start_module(module: str, arguments: list[str]) -> None:
    """Begin `python -m MODULE ARGUMENT…`: check a stage's arguments and install the handlers.

    Exits with one line where the module is not a program, with the help after `--help`, and with a usage
    error after wrong arguments.
    """
    spec = find_spec(module)
    if (
        spec is not None
        and spec.origin is not None
        and "__main__" not in Path(spec.origin).read_text("utf-8")
    ):
        sys.exit(
            f"{module} does nothing by itself: `memcurate --help` lists the commands, dvc.yaml the stages"
        )
    name = module.removeprefix("stages.")
    program = "@".join([name, *arguments[:1]])
    interrupts.install_handlers(program)
    sys.excepthook = partial(_report_import_error, program)

    from stages.shared.arguments import parse_stage_arguments
    from stages.shared.paths import STAGE_OUTPUTS

    if name in STAGE_OUTPUTS:
        parse_stage_arguments(name, arguments)


def _report_import_error(
    program: str, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Print one line where memory does not suffice for the modules; else a traceback, as Python does."""
    if isinstance(error, Exception) and is_out_of_memory(error):
        print(f"{program}: {from_memory_error(error)}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


_program, *_arguments = sys.argv or [""]
if _program == "-m":  # until Python has found the module, which is in this package
    _start_module(sys.orig_argv[-len(sys.argv)].removeprefix("-m"), _arguments)
elif Path(_program).name == "memcurate":
    interrupts.install_handlers("memcurate")
elif "multiprocessing.spawn" in sys.modules:
    interrupts.exit_with_parent()
