"""Command line of a stage, `python -m stages.NAME [SOURCE]`, and its help.

Nothing heavy is imported: the help is the docstring in the stage's file, and the folders of `paths`.
"""

import ast
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path

from stages.shared.paths import SOURCE_STAGES, STAGE_INPUTS, STAGE_OUTPUTS, metrics_path

_STAGES_DIR = Path(__file__).parents[1]


def parse_stage_arguments(stage: str, arguments: Sequence[str] | None = None) -> str | None:
    """Return the source that the command line names; None for a stage of all sources.

    `arguments` are those of this process by default. Exits with 0 after `--help`, and with 2 after wrong
    arguments.
    """
    parsed = _build_parser(stage).parse_args(sys.argv[1:] if arguments is None else arguments)
    source: str | None = getattr(parsed, "source", None)
    return source


def _build_parser(stage: str) -> ArgumentParser:
    parser = ArgumentParser(
        f"python -m stages.{stage}",
        description=_read_docstring(stage),
        epilog=_describe_files(stage),
        formatter_class=RawDescriptionHelpFormatter,
    )
    if stage in SOURCE_STAGES:
        parser.add_argument("source", metavar="SOURCE", help="a source in `enabled_sources` of params.yaml")
    return parser


def _read_docstring(stage: str) -> str:
    tree = ast.parse((_STAGES_DIR / f"{stage}.py").read_text(encoding="utf-8"))
    return ast.get_docstring(tree) or ""


def _describe_files(stage: str) -> str:
    """Return the lines of the help that say where the stage reads and writes."""
    inputs, outputs = STAGE_INPUTS[stage], list(map(str, STAGE_OUTPUTS[stage]))
    metrics = str(metrics_path(stage, "SOURCE"))
    if stage in SOURCE_STAGES:
        outputs = [f"{path}/SOURCE" for path in outputs]
    return (
        f"reads:  {', '.join(['params.yaml', *inputs])}\n"
        f"writes: {', '.join([*outputs, metrics])}\n\n"
        f"`dvc repro {stage}` runs it, after the stages that it depends on, where something changed."
    )
