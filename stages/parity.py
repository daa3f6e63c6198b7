"""parity: one source compared with its row of the paper's tables, with ablations, in data/parity/<source>."""

from dataclasses import asdict
from typing import Any

from pipeline.core.atomic import atomic_folder, write_json
from pipeline.core.errors import MemcurateError
from pipeline.core.params import Params
from pipeline.core.schema import Instance
from pipeline.core.storage import read_rows
from pipeline.parity.ablations import AblationRunner
from pipeline.parity.comparison import PARITY_FILE, SourceComparison
from pipeline.parity.measures import PAPER_TOKENIZER, measure_instances
from pipeline.parity.paper_tables import PAPER_ROWS
from pipeline.text.tokens import Tokenizer
from stages.shared.paths import ASSETS_DIR, FILTERED_DIR, PARITY_DIR, RAW_DIR
from stages.shared.runner import run_stage


def stage(params: Params, source: str) -> dict[str, Any]:
    """Write data/parity/<source>/parity.json: figures of the filtered source, and of each ablation.

    The file holds null for a source without `parity` in params.yaml.
    """
    paper = params.sources[source].parity
    with atomic_folder(PARITY_DIR / source) as folder:
        if paper is None:
            write_json(folder / PARITY_FILE, None)
            return {}
        if paper.row not in PAPER_ROWS:
            raise MemcurateError(
                f"sources.{source}.parity.row: the paper's tables have no {paper.row!r}; they have "
                f"{', '.join(PAPER_ROWS)}"
            )
        count_tokens = Tokenizer(PAPER_TOKENIZER, ASSETS_DIR).count
        built = measure_instances(
            read_rows(FILTERED_DIR / source / "instances.parquet", Instance), count_tokens
        )
        runner = AblationRunner(source, params, RAW_DIR / source, ASSETS_DIR)
        # Without instances of the source, an ablation has nothing to be compared with.
        changes = paper.ablations if built else {}
        ablations = {cause: runner.run(cause, keys) for cause, keys in changes.items()}
        comparison = SourceComparison(source, paper.row, built, ablations)
        write_json(folder / PARITY_FILE, asdict(comparison))
    return {"percent_off": round(comparison.mean_percent_off, 1)}


if __name__ == "__main__":
    run_stage(stage, "parity")
