"""inputs: what each source is built from: its settings, and hashes of its local files, reviews and own code.

DVC cannot list these as dependencies: params.yaml leaves out keys that have defaults, and holds the names of
the local files and of the class of a format; and a source may have no review file. This stage runs every
time, in a second, and the stages of a source depend on the files that it writes: so only what uses a changed
one runs again.
"""

from typing import Any

from pipeline.core.atomic import atomic_folder, write_json
from pipeline.core.environment import derive_pii_key
from pipeline.core.format_code import hash_format_code
from pipeline.core.params import Params, Source
from pipeline.core.params.formats import OwnFormat
from pipeline.fetching import hash_file, hash_local_files
from stages.shared.paths import INPUTS_DIR, REVIEWS_DIR
from stages.shared.runner import run_stage

# Keys of params.yaml that the stages of all sources use.
_SHARED_KEYS = {"seed", "tokenizer", "shard_mb", "split", "dataset"}


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write data/inputs/<source> for each source in `enabled_sources`: a JSON object in a file per key.

    data/inputs/params.json has the keys that all sources share: DVC parses it faster than params.yaml.
    """
    num_local_files = 0
    with atomic_folder(INPUTS_DIR) as folder:
        write_json(folder / "params.json", params.model_dump(mode="json", include=_SHARED_KEYS))
        for name in params.enabled_sources:
            source = params.sources[name]
            hashes = hash_local_files(source.files)
            num_local_files += len(hashes)
            for key, value in _describe(name, source, hashes).items():
                write_json(folder / name / f"{key}.json", value)
    return {"files": num_local_files}


def _describe(name: str, source: Source, hashes: dict[str, str | None]) -> dict[str, Any]:
    """Return the keys of a source that are not as their defaults, and the hashes."""
    # A new key with a default then changes no file.
    values = source.model_dump(mode="json", exclude_defaults=True)
    if isinstance(source.format, OwnFormat):
        values["format"] = {**values["format"], "code_hashes": hash_format_code(source.format.name)}
    reviews = REVIEWS_DIR / f"{name}.csv"
    return {
        **values,
        "language": {"language": source.language},
        "pii": _describe_pii(name, source),
        "files": {"files": values.get("files", []), "local_files": hashes},
        "simulate": {"simulate": source.simulate and source.simulate.model_dump(mode="json")},
        "corrections": {"corrections": source.corrections and source.corrections.model_dump(mode="json")},
        "reviews": {"sha256": hash_file(reviews, "sha256") if reviews.exists() else None},
    }


def _describe_pii(name: str, source: Source) -> dict[str, str]:
    """Return what the treatment of personal data depends on: of the secret, a hash."""
    if source.pii == "report":
        return {"pii": source.pii}
    # A key of its own: that of the pseudonyms would make them.
    secret = {"secret": derive_pii_key(f"{name} hash")[:16]} if source.pii == "mask" else {}
    return {"pii": source.pii, "language": source.language, **secret}


if __name__ == "__main__":
    run_stage(stage, "inputs")
