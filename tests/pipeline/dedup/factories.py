"""Select from instances in memory, through files as the stage reads them."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.core.params import DatasetParams
from pipeline.core.schema import SPLITS, Instance, Reject, Split
from pipeline.core.storage import write_rows
from pipeline.publish.select_instances import select_instances

PARAMS = DatasetParams(
    max_train_per_source=1_000_000,
    near_duplicate=50,
    eval_only_sources=[],
    decontamination_ngram=10_000,
    baseline_version=None,
)


def write_parts(folder: Path, instances: Sequence[Instance], parts: int = 1) -> list[Path]:
    """Write instances into files, in order."""
    size = -(-len(instances) // parts)
    paths = [folder / f"part {number}.parquet" for number in range(parts)]
    for number, path in enumerate(paths):
        write_rows(path, Instance, instances[number * size : (number + 1) * size])
    return paths


def select(
    instances: Sequence[Instance], params: DatasetParams, seed: int = 1, parts: int = 1
) -> tuple[dict[Split, set[str]], list[Reject]]:
    """Select from instances in a number of files; return (ids of each split, rejects by id)."""
    with TemporaryDirectory() as temporary:
        paths = write_parts(Path(temporary), instances, parts)
        with select_instances(paths, params, seed, Path(temporary) / "tables") as selection:
            ids = {split: {instances[number].id for number in selection.numbers(split)} for split in SPLITS}
            assert selection.ids() == set().union(*ids.values())
            rejects = list(selection.rejects())
            assert len(rejects) == selection.num_rejected()
    return ids, rejects
