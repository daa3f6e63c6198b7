"""memcurate diff: two versions of the dataset row by row, without checking anything out."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipeline.core.atomic import write_text
from pipeline.core.errors import MemcurateError
from pipeline.core.printable import escape_hidden_in_json
from pipeline.core.schema import Split
from pipeline.diff.comparison import DiffFilter, compare
from pipeline.diff.html_page import render_page
from pipeline.diff.row_tables import RowKind
from pipeline.diff.text_report import ANSI_MARKERS, PLAIN_MARKERS, render_text
from stages.shared.versions import open_version


def diff(
    old: Annotated[str, typer.Argument(metavar="A", help="a git revision, tag or DVC experiment")],
    new: Annotated[
        str | None, typer.Argument(metavar="B", help="another version; default: the workspace")
    ] = None,
    source: Annotated[str | None, typer.Option(help="compare one source only")] = None,
    split: Annotated[Split | None, typer.Option(help="compare one split only")] = None,
    kind: Annotated[RowKind | None, typer.Option(help="compare rows of one kind only")] = None,
    samples: Annotated[int, typer.Option(min=0, help="rows shown of each kind of difference")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="write an HTML page")] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="exit with 1 where a row differs")] = False,
) -> None:
    """Compare two versions of the dataset: rows added, removed, changed or moved, with causes and samples."""
    before, after = open_version(old), open_version(new)
    known = {
        name.partition("@")[2]
        for version in (before, after)
        for name in version.dvc_lock["stages"]
        if "@" in name
    }
    if source is not None and source not in known:
        raise MemcurateError(f"neither version has a source {source!r}; they have {', '.join(sorted(known))}")
    diffs = compare(before, after, DiffFilter(source, split, kind, samples))
    if html is not None:
        write_text(html, render_page(before.name, after.name, diffs))
    if as_json:
        sources = {one.source: {**asdict(one), "source": one.source} for one in diffs}
        document = {"old": before.name, "new": after.name, "sources": sources}
        print(escape_hidden_in_json(json.dumps(document, indent=2, ensure_ascii=False)))
    elif html is None:
        print(
            render_text(
                before.name, after.name, diffs, ANSI_MARKERS if sys.stdout.isatty() else PLAIN_MARKERS
            )
        )
    if exit_code and diffs:
        sys.exit(1)
