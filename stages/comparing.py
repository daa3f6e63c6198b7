"""memcurate diff: two versions of the dataset row by row, without checking anything out."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipeline.comparing.comparison import Wanted, compare
from pipeline.comparing.page import page
from pipeline.comparing.tables import Kind
from pipeline.comparing.told import COLOURED, PLAIN, told
from pipeline.errors import MemcurateError
from pipeline.folders import write_text
from pipeline.schema import Split
from pipeline.text.visible import visible_in_json
from stages.versions import version


def diff(
    old: Annotated[str, typer.Argument(metavar="A", help="a git revision, tag or DVC experiment")],
    new: Annotated[str | None, typer.Argument(metavar="[B]", help="another; else the workspace")] = None,
    source: Annotated[str | None, typer.Option(help="of one source only")] = None,
    split: Annotated[Split | None, typer.Option(help="of one split only")] = None,
    what: Annotated[Kind | None, typer.Option(help="rows of one kind only")] = None,
    samples: Annotated[int, typer.Option(min=0, help="rows shown of each kind of difference")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="write a page")] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="exit with 1 where anything differs")
    ] = False,
) -> None:
    """Compare two versions of the dataset: what came, went, changed or moved, why, and some of the rows."""
    before, after = version(old), version(new)
    known = {name.partition("@")[2] for one in (before, after) for name in one.lock["stages"] if "@" in name}
    if source is not None and source not in known:
        raise MemcurateError(f"neither version has a source {source!r}; they have {', '.join(sorted(known))}")
    found = compare(before, after, Wanted(source, split, what, samples))
    if html is not None:
        write_text(html, page(before.name, after.name, found))
    if as_json:
        sources = {one.source: {**asdict(one), "source": one.source} for one in found}
        compared = {"old": before.name, "new": after.name, "sources": sources}
        print(visible_in_json(json.dumps(compared, indent=2, ensure_ascii=False)))
    elif html is None:
        print(told(before.name, after.name, found, COLOURED if sys.stdout.isatty() else PLAIN))
    if exit_code and found:
        sys.exit(1)
