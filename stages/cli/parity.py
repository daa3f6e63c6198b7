"""memcurate parity: what the stage parity wrote of all sources, as a table."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.core.params import load_params
from pipeline.parity.comparison import format_comparisons, read_comparisons
from stages.shared.paths import PARITY_DIR


def parity(
    as_json: Annotated[bool, typer.Option("--json", help="print a JSON list, an item per source")] = False,
) -> None:
    """Compare the built sources with the paper's tables, row by row; * marks a difference over 5 percent.

    A line gives our figure, the paper's, and the difference. Below it stands the figure of each ablation.
    """
    comparisons = read_comparisons(PARITY_DIR, load_params().enabled_sources)
    if as_json:
        rows = [
            {
                **asdict(one),
                "lines": [{**asdict(line), "off": line.percent_off} for line in one.compare_measures()],
            }
            for one in comparisons
        ]
        print(json.dumps(rows, indent=2))
        return
    print(
        "\n".join(format_comparisons(comparisons))
        or "no source in `enabled_sources` has a row in the paper (sources.NAME.parity)"
    )
