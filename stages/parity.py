"""parity: one source beside its row of the paper's tables, with reruns, into data/parity/<source>.

And `memcurate parity`, which shows what the stage wrote of all sources.
"""

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer

from pipeline.errors import MemcurateError
from pipeline.folders import whole_folder, write_json
from pipeline.params import Params, load_params
from pipeline.parity.comparison import NAME, Compared, read_all, told
from pipeline.parity.measuring import PAPERS_TOKENIZER, measured
from pipeline.parity.rerunning import Rerunner
from pipeline.parity.table import ROWS
from pipeline.schema import Instance
from pipeline.storage import read_rows
from pipeline.text.tokens import Tokenizer
from stages.running import ASSETS, FILTERED, PARITY, RAW, run, source_argument


def stage(params: Params, source: str) -> dict[str, Any]:
    """Write data/parity/<source>/parity.json: what was built, before the limit, and the reruns; null: no
    row.
    """
    paper = params.sources[source].paper
    with whole_folder(PARITY / source) as folder:
        if paper is None:
            write_json(folder / NAME, None)
            return {}
        if paper.row not in ROWS:
            raise MemcurateError(
                f"sources.{source}.paper.row: the paper's tables have no {paper.row!r}; they have "
                f"{', '.join(ROWS)}"
            )
        count = Tokenizer(PAPERS_TOKENIZER, ASSETS).count
        built = measured(read_rows(FILTERED / source / "instances.parquet", Instance), count)
        rerunner = Rerunner(source, params, RAW / source, ASSETS)
        reruns = {cause: rerunner.run(cause, changes) for cause, changes in paper.reruns.items()}
        compared = Compared(source, paper.row, built, reruns)
        write_json(folder / NAME, asdict(compared))
    return {line.measure: round(line.off, 2) for line in compared.lines()}


def parity(
    as_json: Annotated[bool, typer.Option("--json", help="for scripts: a list, a source each")] = False,
) -> None:
    """Compare what was built with the paper's tables, row by row; * marks what is over 5 percent off.

    Ours, the paper's, and the difference; below it what the figure is in a rerun without a cause.
    """
    compared = read_all(PARITY, load_params().use)
    if as_json:
        rows = [
            {**asdict(one), "lines": [{**asdict(line), "off": line.off} for line in one.lines()]}
            for one in compared
        ]
        print(json.dumps(rows, indent=2))
        return
    print("\n".join(told(compared)) or "no source in `use` has a row in the paper (sources.NAME.paper)")


if __name__ == "__main__":
    run(stage, "parity", source_argument())
