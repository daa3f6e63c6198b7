"""memcurate export: the memory environment as a package of a framework, with the dataset in it.

`training/frameworks/NAME` has the package's code, which is copied as it is, and files ending in `.in`, whose
`$names` are filled in. The dataset, the tokenizer's file and the params join the code's folder, as
`training/environment/package.py` reads them. Where a framework wants the code at the top of the package, they
have a folder of their own.
"""

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from importlib import metadata, resources
from pathlib import Path
from string import Template

from pipeline.core.agent_params import EpisodeParams
from pipeline.core.atomic import atomic_folder, write_text
from pipeline.core.errors import MemcurateError
from pipeline.core.params import Params
from pipeline.core.schema import Split
from pipeline.core.storage import find_split_files, iter_row_groups
from pipeline.publish.hub_folder import EXPORT_MARKER, check_readme
from pipeline.text.stop_words import write_stop_words
from pipeline.text.tokens import tokenizer_file
from stages.shared.paths import ASSETS_DIR, DATASET_DIR
from training.environment.package import (
    ASSETS,
    DATASET,
    MANIFEST,
    STOP_WORDS,
    EnvManifest,
    hash_file,
    make_version,
)
from training.evaluation.reward_parts import part_weights
from training.memory.schema import EpisodeInput

_CARD = "README.md"
_TEMPLATE_SUFFIX = ".in"
_CODE_FOLDER = "memcurate_memory"
_DATA_FOLDERS = {"openenv": "data"}  # of frameworks whose code stands at the top


def export_environment(
    folder: Path,
    framework: str,
    params: EpisodeParams | Params,
    tokenizer: str | None = None,
    dataset: Path = DATASET_DIR,
    assets: Path = ASSETS_DIR,
) -> EnvManifest:
    """Write the package of a framework into a folder, and return its manifest.

    `tokenizer` is that of the params where they name one. Equal inputs give equal bytes. Raises
    MemcurateError where the folder has a README.md of another origin, where params name a model that the
    package cannot load, or a file of the dataset or of the tokenizer is missing.
    """
    check_readme(folder)
    tokenizer = tokenizer or (params.tokenizer if isinstance(params, Params) else "o200k_base")
    episode_params = _select_params(params)
    with resources.as_file(resources.files("training") / "frameworks" / framework) as templates:
        paths = [path for path in sorted(templates.rglob("*")) if path.is_file()]
        sources = [path for path in paths if "__pycache__" not in path.parts]
        package = folder / _DATA_FOLDERS.get(framework, _CODE_FOLDER)
        beside = [path for path in sources if path.relative_to(templates).parts[0] != package.name]
        code = {str(one.relative_to(templates)): hash_file(one) for one in beside if not _is_template(one)}
        with atomic_folder(package) as staged:
            for path in sorted((templates / package.name).glob("*.py")):
                shutil.copyfile(path, staged / path.name)
            manifest = _write_contents(staged, dataset, assets, tokenizer, episode_params, code)
        values = {
            "version": manifest.version,
            "memcurate_version": metadata.version("memcurate"),
            "marker": EXPORT_MARKER,
            "splits": _describe_splits(dataset),
            "max_completion_tokens": episode_params.generation.max_completion_tokens,
            "temperature": episode_params.generation.temperature,
            "weights": _describe_weights(episode_params),
            "max_reward": sum(one for one in part_weights(episode_params.rewards).values() if one > 0),
        }
        for path in beside:
            text = path.read_text(encoding="utf-8")
            if _is_template(path):
                text = Template(text).substitute(values)
            target = folder / str(path.relative_to(templates)).removesuffix(_TEMPLATE_SUFFIX)
            target.parent.mkdir(parents=True, exist_ok=True)
            write_text(target, text)
    print(f"{folder}: version {manifest.version}, {len(manifest.files)} pinned files")
    return manifest


def _is_template(path: Path) -> bool:
    return path.suffix == _TEMPLATE_SUFFIX


def _select_params(params: EpisodeParams | Params) -> EpisodeParams:
    """Return the params of an episode. Raises MemcurateError where they name a model for answers or r4."""
    if params.answer.backend != "extractive" or params.rewards.judge is not None:
        key = "rewards.judge" if params.answer.backend == "extractive" else "answer.backend"
        raise MemcurateError(
            f"params key {key} names a model, which the package cannot load: set answer.backend to "
            "extractive and rewards.judge to null. A judge of answers is given to the framework."
        )
    blocks = {name: getattr(params, name) for name in EpisodeParams.model_fields}
    blocks["answer"] = params.answer.model_copy(
        update={"judge": None}
    )  # the framework's judge takes its place
    return EpisodeParams(**blocks)


def _write_contents(
    folder: Path,
    dataset: Path,
    assets: Path,
    tokenizer: str,
    params: EpisodeParams,
    code: Mapping[str, str],
) -> EnvManifest:
    """Copy the dataset and the tokenizer's file, and write the manifest that pins all files.

    The version depends on the files of the folder, and on the hashes `code` of files beside it.
    """
    sources = [path for paths in find_split_files(dataset).values() for path in paths]
    copies = {f"{DATASET}/{path.name}": path for path in (*sources, dataset / _CARD) if path.exists()}
    vocabulary = tokenizer_file(tokenizer)
    copies[f"{ASSETS}/{vocabulary}"] = assets / vocabulary
    for name, path in copies.items():
        if not path.is_file():
            raise MemcurateError(f"{path} is not here: run `dvc repro assets assemble` or `dvc pull`")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)
    (folder / STOP_WORDS).mkdir()
    write_stop_words("en", folder / STOP_WORDS)
    hashes = {
        str(path.relative_to(folder)): hash_file(path) for path in sorted(folder.rglob("*")) if path.is_file()
    }
    files = {name: one for name, one in hashes.items() if "/" in name}  # code may be changed, data may not
    contents = {"tokenizer": tokenizer, "params": params.model_dump(mode="json"), "files": {**hashes, **code}}
    version = make_version(metadata.version("memcurate"), contents)
    manifest = EnvManifest(version=version, tokenizer=tokenizer, params=params, files=files)
    dumped = json.dumps(manifest.model_dump(mode="json"), indent=2, ensure_ascii=False)
    (folder / MANIFEST).write_text(dumped + "\n", encoding="utf-8")
    return manifest


def _describe_splits(dataset: Path) -> str:
    """Return lines of a table: the instances of each source, by split."""
    counts: dict[Split, Counter[str]] = {}
    for split, paths in find_split_files(dataset).items():
        counts[split] = Counter()
        for path in paths:
            if path.exists():
                for group in iter_row_groups(path, EpisodeInput, ["source"]):
                    counts[split].update(group["source"].to_pylist())
    lines = [f"| source | {' | '.join(counts)} |", f"|---|{'---|' * len(counts)}"]
    for source in sorted({name for one in counts.values() for name in one}):
        lines.append(f"| {source} | {' | '.join(str(one[source]) for one in counts.values())} |")
    return "\n".join(lines)


def _describe_weights(params: EpisodeParams) -> str:
    """Return lines of a table: the weight of each reward."""
    weights: Mapping[str, float] = part_weights(params.rewards)
    return "\n".join(["| reward | weight |", "|---|---|", *(f"| {k} | {v} |" for k, v in weights.items())])
