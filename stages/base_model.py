"""base_model: the model that is trained, as a plain folder of weights, into models/base."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipeline.errors import MemcurateError
from pipeline.fetching import default_cache, fetch, mirror_from_environment
from pipeline.folders import whole_folder
from pipeline.params import Params
from stages.running import BASE_MODEL, run
from training.base_model import hub_model, plain_model
from training.machine import check_machine
from training.params import BaseModelParams, agent_params


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write models/base. A machine that cannot run the profile is told so before anything is fetched."""
    training = agent_params(params).training
    check_machine(training.profile, training.chosen)
    with whole_folder(BASE_MODEL) as folder:
        return {"parameters": _write(training.chosen.base_model, folder)}


def _write(base: BaseModelParams, folder: Path) -> int:
    if base.hub is not None and base.revision is not None:
        return hub_model(base.hub, base.revision, folder)
    with TemporaryDirectory() as scratch:
        fetch(base.files or [], Path(scratch), mirror=mirror_from_environment(), cache=default_cache())
        found = sorted(Path(scratch).rglob("*.gguf"))
        if len(found) != 1:
            raise MemcurateError(f"base_model.files holds {len(found)} GGUF files; it takes one")
        return plain_model(found[0], folder)


if __name__ == "__main__":
    run(stage, "base_model")
