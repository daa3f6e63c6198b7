"""Files of a source that `memcurate show` and `memcurate trace` search: rows and rejects of every stage."""

import logging
from collections.abc import Iterator
from pathlib import Path

from pipeline.core.storage import find_parts, has_table
from pipeline.lineage.stage_files import StageOutputs
from stages.shared.paths import (
    CHUNKS_DIR,
    DATASET_DIR,
    FILTERED_DIR,
    QUESTIONS_DIR,
    REJECTS_FILE,
    list_reject_dirs,
)

_logger = logging.getLogger(__name__)


def source_outputs(source: str) -> StageOutputs:
    """Return the folders that the stages of a source write, and the dataset's."""
    return StageOutputs(
        source, DATASET_DIR, FILTERED_DIR / source, QUESTIONS_DIR / source, CHUNKS_DIR / source
    )


def list_reject_files(source: str) -> Iterator[Path]:
    """Yield the reject files of a source's stages and of assemble; log a warning for each that is missing."""
    for folder in list_reject_dirs([source]):
        path = folder / REJECTS_FILE
        if has_table(path):
            yield from find_parts(path)
        elif folder != DATASET_DIR or folder.exists():  # before assemble, it rejected nothing
            _logger.warning(
                "%s is not here, so its rejects are not searched: run `dvc repro` or `dvc pull %s`",
                path,
                folder,
            )
