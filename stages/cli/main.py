"""memcurate: commands that inspect, compare and export what the pipeline built.

The pipeline itself is run by `dvc repro`.
"""

import os
from collections.abc import Mapping
from importlib import import_module, metadata
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from pipeline.core.environment import reject_renamed_variables
from pipeline.core.errors import MemcurateError
from stages.shared.exit_status import report_errors

# By name: the function of a command, and the first paragraph of its help. The module is imported when the
# command is called, so that no command waits for the imports of another.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "add": (
        "stages.cli.add:add",
        "Add files of your own to params.yaml as a source, and show what a sample of them gives.",
    ),
    "preview": (
        "stages.cli.preview:preview",
        "Show what a sample of a source's files gives: instances, questions, rejects, and a row as it reads.",
    ),
    "status": (
        "stages.cli.status:status",
        "Show what each enabled source gave, in train and in test, and what was dropped.",
    ),
    "show": (
        "stages.cli.show:show",
        "Show a row by its id: its text, its parents, its raw span; or the reason for its rejection.",
    ),
    "trace": (
        "stages.cli.trace:trace",
        "Show the chunks and questions made of a raw record, and the rejects with their reasons.",
    ),
    "diff": (
        "stages.cli.diff:diff",
        "Compare two versions of the dataset: rows added, removed, changed or moved, with causes and "
        "samples.",
    ),
    "view": (
        "stages.cli.view:view",
        "View the dataset, its rejects and episodes in a browser. The page is read-only.",
    ),
    "pin": (
        "stages.cli.pin:pin",
        "Write the revision and hash of each file into the params that is not pinned, or local and changed.",
    ),
    "parity": (
        "stages.cli.parity:parity",
        "Compare the built sources with the paper's tables, row by row; * marks a difference over 5 percent.",
    ),
    "export": (
        "stages.cli.export:export",
        "Write the dataset in another format. The same dataset gives the same bytes.",
    ),
    "import": (
        "stages.cli.import_:import_files",
        "Read published files into memcurate's schema. Lineage ends at them; rejected rows are listed.",
    ),
    "migrate": (
        "stages.cli.migrate:migrate",
        "Write a dataset of an older schema version in the current one. Ids stay; the card is not written.",
    ),
    "push": (
        "stages.cli.push:push",
        "Publish data/dataset on the dataset hub: its card, splits and rejects, in one commit.",
    ),
    "bench": (
        "stages.cli.bench.command:bench",
        "Measure the speed of each stage against a named baseline. Takes minutes and changes nothing.",
    ),
    "plan": (
        "stages.cli.plan:plan",
        "Tell what a training profile will need on this machine: tokens, memory and time.",
    ),
    "review": (
        "stages.cli.review:review",
        "Add a seeded sample of a source's kept questions to reviews/SOURCE.csv, for a person to judge.",
    ),
    "cache": ("stages.cli.cache:cache", "Export, import and count the cached responses of models."),
}

_RENAMED_COMMANDS = {"browse": "view", "sample": "review", "answers": "cache"}
_RENAMED_OPTIONS = {("diff", "--what"): "--kind", ("import", "--to"): "--out"}


class LazyGroup(TyperGroup):
    """Group of the commands in COMMANDS, each imported when it is called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, (_, first_paragraph) in COMMANDS.items():
            self.add_command(TyperCommand(name, help=first_paragraph))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Return the command that the arguments name, imported."""
        _reject_renamed(args)
        name, command, rest = super().resolve_command(ctx, args)
        return name, command if name is None else load_command(name), rest


def _reject_renamed(args: list[str]) -> None:
    """Raise MemcurateError for a command or an option by the name that it had before version 0.2."""
    new = _RENAMED_COMMANDS.get(args[0])
    if new is not None:
        raise MemcurateError(f"`memcurate {args[0]}` is named `memcurate {new}` now")
    for argument in args[1:]:
        option = argument.partition("=")[0]
        if (args[0], option) in _RENAMED_OPTIONS:
            raise MemcurateError(f"{option} is named {_RENAMED_OPTIONS[args[0], option]} now")


def load_command(name: str) -> Any:
    """Import a command of COMMANDS: a function, or a Typer application of several subcommands."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    function = getattr(import_module(module), attribute)
    holder = typer.Typer(add_completion=False)
    if isinstance(function, typer.Typer):
        holder.add_typer(function, name=name)
        return get_group(holder).commands[name]
    holder.command(name)(function)
    return get_command(holder)


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False)


def _print_version(requested: bool) -> None:
    if requested:
        print(f"memcurate {metadata.version('memcurate')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit."),
    ] = False,
) -> None:
    """Inspect, compare and export memory-training data. `dvc repro` builds it: see the README."""


def run() -> None:
    """Run the console script: errors and interrupts are printed without a traceback."""
    with report_errors("memcurate"):
        reject_renamed_variables(os.environ)
        app()


if __name__ == "__main__":
    run()
