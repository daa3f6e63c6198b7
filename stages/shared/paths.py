"""Folders that the stages read and write, relative to the project's folder."""

from collections.abc import Iterable
from pathlib import Path

ASSETS_DIR = Path("data/assets")
INPUTS_DIR = Path("data/inputs")
RAW_DIR = Path("data/raw")
CHUNKS_DIR = Path("data/chunks")
QUESTIONS_DIR = Path("data/questions")
FILTERED_DIR = Path("data/filtered")
DATASET_DIR = Path("data/dataset")
PARITY_DIR = Path("data/parity")
REPORT_DIR = Path("data/report")
EVALUATION_DIR = Path("data/evaluation")
TRAINING_DIR = Path("data/training")
TRAINED_EVALUATION_DIR = Path("data/trained_evaluation")
BASE_MODEL_DIR = Path("models/base")
WARM_START_DIR = Path("models/warm_start")
TRAINED_MODEL_DIR = Path("models/trained")
RUNS_DIR = Path("runs")
METRICS_DIR = Path("metrics")
REVIEWS_DIR = Path("reviews")

PARTS_DIR = Path("data/parts")  # of stages that did not end yet

REJECTS_FILE = "rejects.parquet"

# Stages that run once for each source, with its name as argument.
SOURCE_STAGES = frozenset({"fetch", "chunk", "question", "filter", "parity"})

# Stages that make the dataset.
DATA_STAGES = SOURCE_STAGES | {"assemble"}

# Stages that write metrics for each method that they evaluate.
METHOD_STAGES = frozenset({"evaluate", "evaluate_trained"})

# What dvc.yaml lists of data, by stage: its `deps`, and the settings of a source, which are `params`.
STAGE_INPUTS = {
    "assets": [],
    "inputs": [],
    "fetch": [
        f"{INPUTS_DIR}/SOURCE/files.json",
        f"{INPUTS_DIR}/SOURCE/simulate.json",
        f"{INPUTS_DIR}/SOURCE/corrections.json",
    ],
    "chunk": [
        f"{INPUTS_DIR}/params.json",
        *(f"{INPUTS_DIR}/SOURCE/{name}.json" for name in ("chunking", "format", "pii")),
        f"{RAW_DIR}/SOURCE",
        str(ASSETS_DIR),
    ],
    "question": [
        f"{INPUTS_DIR}/params.json",
        *(f"{INPUTS_DIR}/SOURCE/{name}.json" for name in ("language", "questions")),
        str(ASSETS_DIR),
        f"{CHUNKS_DIR}/SOURCE",
    ],
    "filter": [
        f"{INPUTS_DIR}/params.json",
        *(f"{INPUTS_DIR}/SOURCE/{name}.json" for name in ("card", "checks", "language", "reviews")),
        str(ASSETS_DIR),
        f"{CHUNKS_DIR}/SOURCE",
        f"{QUESTIONS_DIR}/SOURCE",
    ],
    "assemble": [str(FILTERED_DIR)],
    "parity": [
        f"{INPUTS_DIR}/params.json",
        f"{INPUTS_DIR}/SOURCE",
        str(ASSETS_DIR),
        f"{RAW_DIR}/SOURCE",
        f"{FILTERED_DIR}/SOURCE",
    ],
    "report": [*map(str, (CHUNKS_DIR, QUESTIONS_DIR, FILTERED_DIR, DATASET_DIR, PARITY_DIR))],
    "evaluate": [str(ASSETS_DIR), str(DATASET_DIR)],
    "base_model": [],
    "warm_start": [*map(str, (ASSETS_DIR, DATASET_DIR, BASE_MODEL_DIR))],
    "train": [*map(str, (ASSETS_DIR, DATASET_DIR, WARM_START_DIR))],
    "evaluate_trained": [*map(str, (ASSETS_DIR, DATASET_DIR, TRAINED_MODEL_DIR, WARM_START_DIR))],
}

# The `outs` of dvc.yaml, by stage; those of a stage in SOURCE_STAGES hold a folder for each source.
STAGE_OUTPUTS = {
    "assets": [ASSETS_DIR],
    "inputs": [INPUTS_DIR],
    "fetch": [RAW_DIR],
    "chunk": [CHUNKS_DIR],
    "question": [QUESTIONS_DIR],
    "filter": [FILTERED_DIR],
    "parity": [PARITY_DIR],
    "assemble": [DATASET_DIR],
    "report": [REPORT_DIR],
    "evaluate": [EVALUATION_DIR],
    "base_model": [BASE_MODEL_DIR],
    "warm_start": [WARM_START_DIR],
    "train": [TRAINED_MODEL_DIR, TRAINING_DIR],
    "evaluate_trained": [TRAINED_EVALUATION_DIR],
}


def metrics_path(stage: str, source: str | None) -> Path:
    """Return the metrics file of a stage; of a stage in METHOD_STAGES, the folder of its metrics files."""
    if stage in METHOD_STAGES:
        return METRICS_DIR / stage
    return METRICS_DIR / stage / f"{source}.json" if stage in SOURCE_STAGES else METRICS_DIR / f"{stage}.json"


def list_reject_dirs(sources: Iterable[str], dataset: Path = DATASET_DIR) -> list[Path]:
    """List the folders with a REJECTS_FILE: of each stage and source, then `dataset`, written by assemble."""
    names = list(sources)
    stages = (CHUNKS_DIR, QUESTIONS_DIR, FILTERED_DIR)
    return [*(folder / source for folder in stages for source in names), dataset]


def list_episode_files() -> list[tuple[str, Path]]:
    """List (method, file of its episodes). A method of both evaluations is listed twice."""
    folders = (EVALUATION_DIR / "episodes", TRAINED_EVALUATION_DIR / "episodes")
    return [(path.stem, path) for folder in folders for path in sorted(folder.glob("*.parquet"))]
