"""What every stage shares: where things lie, and errors for people."""

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.errors import MemcurateError
from pipeline.folders import write_json
from pipeline.params import Params, load_params
from stages.exits import for_people
from stages.locks import held
from training.params import agent_params

ASSETS = Path("data/assets")
OWN_FILES = Path("data/own_files")
RAW = Path("data/raw")
CHUNKS = Path("data/chunks")
QUESTIONS = Path("data/questions")
FILTERED = Path("data/filtered")
DATASET = Path("data/dataset")
PARITY = Path("data/parity")
REPORT = Path("data/report")
EVALUATION = Path("data/evaluation")
TRAINING = Path("data/training")
TRAINED_EVALUATION = Path("data/trained_evaluation")
BASE_MODEL = Path("models/base")
WARM_START = Path("models/warm_start")
TRAINED = Path("models/trained")
RUNS = Path("runs")
METRICS = Path("metrics")
REVIEWS = Path("reviews")


OUTPUTS = {
    "assets": [ASSETS],
    "own_files": [OWN_FILES],
    "fetch": [RAW],
    "chunk": [CHUNKS],
    "question": [QUESTIONS],
    "filter": [FILTERED],
    "parity": [PARITY],
    "assemble": [DATASET],
    "report": [REPORT],
    "evaluate": [EVALUATION],
    "base_model": [BASE_MODEL],
    "warm_start": [WARM_START],
    "train": [TRAINED, TRAINING],
    "evaluate_trained": [TRAINED_EVALUATION],
}


def run(stage: Callable[[Params, str], dict[str, Any]], name: str, source: str | None = None) -> None:
    """Run a stage of one source, or of none, and write its metrics; its outputs are held until then.

    Errors and interrupts are printed without a traceback, as `for_people` says.
    """
    with for_people(f"{name}@{source}" if source else name):
        params = load_params()
        agent_params(params)  # a wrong key there should not be found after minutes of data stages
        if source is not None and source not in params.use:
            raise MemcurateError(
                f"source {source!r} is not in `use` of params.yaml ({', '.join(params.use)})"
            )
        metrics = METRICS / name / f"{source}.json" if source else METRICS / f"{name}.json"
        with held([room / (source or "") for room in OUTPUTS[name]], metrics):
            gc.freeze()  # modules stay: collections, which many rows bring about, pass over them
            counts = stage(params, source or "")
            write_json(metrics, counts)


def source_argument() -> str:
    """The source that the command line names."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: python -m {Path(sys.argv[0]).stem} SOURCE")
    return sys.argv[1]
