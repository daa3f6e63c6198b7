"""assemble: the filtered sources into data/dataset: train, test, rejects and the card."""

from collections.abc import Iterator
from typing import Any

from pipeline.card import card
from pipeline.dataset import choose, row_of, verify_sides
from pipeline.errors import MemcurateError
from pipeline.params import About, Params
from pipeline.schema import Instance, Reject
from pipeline.statistics import Tally, by_reason
from pipeline.storage import read_about, read_rows, whole_folder, write_rows
from stages.running import DATASET, FILTERED, run


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write data/dataset: train.parquet and test.parquet sorted by id, rejects.parquet, README.md."""
    about = {source: _about(source) for source in params.use}
    chosen, rejects = choose(map(row_of, _instances(params)), params.dataset.limit, params.seed)
    order = sorted(chosen)
    tallies = {source: Tally() for source in params.use}
    with whole_folder(DATASET) as folder:
        for split in ("train", "test"):
            rows = {one.id: one for one in _instances(params) if one.id in chosen and one.split == split}
            for instance in rows.values():
                tallies[instance.source].add(instance)
            written = write_rows(
                folder / f"{split}.parquet", Instance, (rows[key] for key in order if key in rows)
            )
            if not written:
                raise MemcurateError(
                    f"the {split} side is empty: raise split.test_share, or use more sources or larger ones"
                )
        verify_sides(lambda split: read_rows(folder / f"{split}.parquet", Instance))
        write_rows(folder / "rejects.parquet", Reject, sorted(rejects, key=lambda one: one.id))
        figures = {source: tally.figures() for source, tally in tallies.items()}
        (folder / "README.md").write_text(card(params, about, figures), encoding="utf-8")
    for source in params.use:
        figures[source]["rejects"] = by_reason(one for one in rejects if one.source == source)
    return figures


def _about(source: str) -> About:
    """What the card says of a source, as its filter stage wrote it down."""
    metadata = read_about(FILTERED / source / "instances.parquet")
    prefix = "memcurate.about."
    return About(
        **{key.removeprefix(prefix): value for key, value in metadata.items() if key.startswith(prefix)}
    )


def _instances(params: Params) -> Iterator[Instance]:
    for source in params.use:
        yield from read_rows(FILTERED / source / "instances.parquet", Instance)


if __name__ == "__main__":
    run(stage, "assemble")
