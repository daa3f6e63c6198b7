"""memcurate: the commands beside the pipeline. The pipeline itself is run by `dvc repro`."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from stages.exits import for_people

# By name: where a command is written, and the first paragraph of its help. The module is imported when the
# command is called, so that no command waits for what another needs.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "show": (
        "stages.looking:show",
        "Show what was built: its text, what it belongs to, where it was read; or why it was rejected.",
    ),
    "trace": (
        "stages.looking:trace",
        "Show what became of a raw record: its chunks, what is asked of it, what was rejected and why.",
    ),
    "diff": (
        "stages.comparing:diff",
        "Compare two versions of the dataset: what came, went, changed or moved, why, and some of the rows.",
    ),
    "browse": (
        "stages.browsing:browse",
        "Look at the dataset, its rejects and episodes in a browser. Nothing can be changed there.",
    ),
    "pin": (
        "stages.pinning:pin",
        "Look up the revision and hash of each file that is not pinned, or that is yours (`file:`) and "
        "changed.",
    ),
    "parity": (
        "stages.parity:parity",
        "Compare what was built with the paper's tables, row by row; * marks what is over 5 percent off.",
    ),
    "export": (
        "stages.interchange:export",
        "Write the dataset in another format. The same dataset gives the same bytes.",
    ),
    "import": (
        "stages.interchange:import_files",
        "Read published files into memcurate's schema. Lineage ends at them; what cannot be read is told and "
        "counted.",
    ),
    "push": (
        "stages.interchange:push",
        "Publish data/dataset on the dataset hub: its card, splits and rejects, in one commit.",
    ),
    "bench": (
        "stages.bench.command:bench",
        "Measure each stage against a named baseline, in one run: minutes in all. Nothing is changed.",
    ),
    "sample": (
        "stages.sampling:sample",
        "Add a seeded sample of a source's kept questions to reviews/SOURCE.csv, for a person to judge.",
    ),
    "answers": ("stages.answers:answers", "Answers that models gave: kept, and taken elsewhere."),
}


class LazyGroup(TyperGroup):
    """The commands of COMMANDS: known by name and help, imported when one is called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, (_, first_paragraph) in COMMANDS.items():
            self.add_command(TyperCommand(name, help=first_paragraph))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Import the command that the arguments name."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command if name is None else load_command(name), rest


def load_command(name: str) -> Any:
    """Import a command of COMMANDS: a function, or a Typer application of several."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    found = getattr(import_module(module), attribute)
    holder = typer.Typer(add_completion=False)
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=name)
        return get_group(holder).commands[name]
    holder.command(name)(found)
    return get_command(holder)


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False, help=__doc__)


@app.callback()
def main() -> None:
    """Memory-training data: see the README for `dvc repro`; these commands look at what it built."""


def run() -> None:
    """The console script: errors and interrupts are printed without a traceback."""
    with for_people("memcurate"):
        app()


if __name__ == "__main__":
    run()
