"""base_model: the model to train, as a plain folder of weights in models/base."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipeline.core.atomic import atomic_folder, write_json
from pipeline.core.errors import MemcurateError
from pipeline.core.params import BaseModelParams, Params
from pipeline.core.statistics import STATISTICS_FILE
from pipeline.fetching import default_cache, fetch, mirror_from_environment
from stages.shared.paths import BASE_MODEL_DIR
from stages.shared.runner import run_stage
from training.rl.base_model import convert_gguf, save_hub_model
from training.rl.hardware import check_hardware


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write models/base. Raises MemcurateError, before the download, where this machine is too small."""
    training = params.training
    check_hardware(training.profile, training.active_profile)
    with atomic_folder(BASE_MODEL_DIR) as folder:
        num_parameters = _write_weights(training.active_profile.base_model, folder)
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
        write_json(folder / STATISTICS_FILE, {"parameters": num_parameters})
    return {"files": len(sizes), "mb": round(sum(sizes) / 1e6, 2)}


def _write_weights(base: BaseModelParams, folder: Path) -> int:
    if base.hub is not None and base.revision is not None:
        return save_hub_model(base.hub, base.revision, folder)
    with TemporaryDirectory() as scratch:
        fetch(base.files or [], Path(scratch), mirror=mirror_from_environment(), cache=default_cache())
        gguf_files = sorted(Path(scratch).rglob("*.gguf"))
        if len(gguf_files) != 1:
            raise MemcurateError(
                f"base_model.files of the training profile holds {len(gguf_files)} GGUF files; it takes one"
            )
        return convert_gguf(gguf_files[0], folder)


if __name__ == "__main__":
    run_stage(stage, "base_model")
