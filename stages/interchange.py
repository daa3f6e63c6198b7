"""memcurate export, import and push: the dataset in other formats, back from one, and on the dataset hub."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import MemcurateError
from pipeline.folders import whole_file
from pipeline.interchange import mem_alpha
from pipeline.interchange.loading import Configuration, check_readme, json_line, write_readme
from pipeline.params import Params, load_params
from pipeline.schema import SPLITS, Instance, Reject, Split, arrow_schema, to_row
from pipeline.storage import read_rows, split_files, write_rows
from pipeline.text.tokens import Tokenizer
from pipeline.text.visible import visible
from stages.exporting_steps import export_steps
from stages.running import ASSETS, DATASET


class Format(StrEnum):
    """What `memcurate export` writes."""

    MEM_ALPHA = "mem-alpha"
    TRL = "trl"
    JSONL = "jsonl"


def export(
    folder: Annotated[Path, typer.Argument(help="where the files go: one or two for each split")],
    form: Annotated[
        Format,
        typer.Option(
            "--format",
            help="mem-alpha: Parquet in the schema of the published files. trl: JSONL of the scripted "
            "writer's steps, as prompt and completion, in texts and in messages. jsonl: a row of the "
            "dataset a line.",
        ),
    ],
) -> None:
    """Write the dataset in another format. The same dataset gives the same bytes."""
    params = load_params()
    files = split_files(DATASET)
    for path in files.values():
        if not path.exists():
            raise MemcurateError(f"{path} is not here: run `dvc repro assemble` or `dvc pull {DATASET}`")
    _make(folder)
    if form is Format.TRL:
        export_steps(folder, files, params)
    elif form is Format.JSONL:
        _export_lines(folder, files)
    else:
        _export_mem_alpha(folder, files, params)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MemcurateError(f"{folder} cannot be made: {error.strerror}. Name another folder.") from error


def _export_mem_alpha(folder: Path, files: Mapping[Split, Path], params: Params) -> None:
    rows = {name: source.paper.row if source.paper else None for name, source in params.sources.items()}
    for split, path in files.items():
        named = mem_alpha.Named()
        with whole_file(folder / f"{split}.parquet") as aside:
            count = mem_alpha.export(aside, read_rows(path, Instance), rows, named)
        print(f"{folder / f'{split}.parquet'}: {count} rows")
        for (source, name), number in sorted(named.rows.items()):
            print(f"  {source} as {name}: {number}")
        for left_out in named.left_out:
            print(f"  left out {left_out}")


def _export_lines(folder: Path, files: Mapping[Split, Path]) -> None:
    """The rows of each split as JSON, a line each."""
    check_readme(folder)
    names: dict[Split, str] = {}
    for split, path in files.items():
        count = 0
        with whole_file(folder / f"{split}.jsonl") as aside, aside.open("w", encoding="utf-8") as file:
            for instance in read_rows(path, Instance):
                file.write(json_line(to_row(instance)))
                count += 1
        print(f"{folder / f'{split}.jsonl'}: {count} rows")
        if count:
            names[split] = f"{split}.jsonl"
    about = [
        "# Memory-training data by memcurate, a row a line",
        "",
        "The rows and fields are those of the dataset's own card.",
        "",
        "```python",
        "from datasets import load_dataset",
        "",
        'data = load_dataset("path/of/this/folder")',
        "```",
        "",
        "`datasets` takes a time such as `2024-01-01 00:00` in JSON for a moment and gives it as "
        "`2024-01-01 00:00:00`. The Parquet files of the dataset give all strings as they are.",
    ]
    write_readme(folder, [Configuration("default", arrow_schema(Instance), names)], about)


def import_files(
    files: Annotated[list[Path], typer.Argument(help="files in Mem-alpha's schema, named by their split")],
    to: Annotated[Path, typer.Option(help="folder for a Parquet file of each, in memcurate's schema")],
) -> None:
    """Read published files into memcurate's schema. Lineage ends at them; what cannot be read is told and
    counted.
    """
    count = Tokenizer(load_params().tokenizer, ASSETS).count
    by_split = {_split(file): file for file in files}
    if len(by_split) < len(files):
        raise MemcurateError(f"two of {', '.join(map(str, files))} are of one split: import them one by one")
    _make(to)
    rejects: list[Reject] = []
    for split, file in by_split.items():
        before = len(rejects)
        with whole_file(to / f"{split}.parquet") as aside:
            rows = write_rows(aside, Instance, mem_alpha.imported(file, split, count, rejects))
        print(f"{to / f'{split}.parquet'}: {rows} instances of {file}, {len(rejects) - before} rejected")
    with whole_file(to / "rejects.parquet") as aside:
        write_rows(aside, Reject, sorted(rejects, key=lambda one: one.id))
    for reject in rejects:
        where = f"{reject.raw.file}{reject.raw.record}" if reject.raw else ""
        print(visible(f"rejected {where}: {reject.reason}, {reject.detail}"))


def _split(file: Path) -> Split:
    """The split that a file's name says."""
    found = [split for split in SPLITS if split in file.stem]
    if len(found) != 1:
        names = ", ".join(f"{split}.parquet" for split in SPLITS)
        raise MemcurateError(f"{file}: its name does not say its split: name it one of {names}")
    return found[0]


def push(
    repo: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="a dataset repository of the hub")],
    private: Annotated[bool, typer.Option(help="where it is made now: not for all to see")] = False,
    tag: Annotated[str | None, typer.Option(help="the version's name there, such as v1")] = None,
) -> None:
    """Publish data/dataset on the dataset hub: its card, splits and rejects, in one commit.

    The repository is made where there is none. HF_TOKEN, or `hf auth login`, says who you are.
    """
    from httpx import HTTPError
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    missing = [
        name for name in ("README.md", "train.parquet", "test.parquet") if not (DATASET / name).exists()
    ]
    if missing:
        raise MemcurateError(
            f"{DATASET} has no {', '.join(missing)}: run `dvc repro assemble` or `dvc pull {DATASET}`"
        )
    api = HfApi()
    try:
        api.create_repo(repo, repo_type="dataset", private=private, exist_ok=True)
        commit = api.upload_folder(
            repo_id=repo,
            repo_type="dataset",
            folder_path=DATASET,
            commit_message="Dataset by memcurate",
            delete_patterns=["*.parquet"],
        )
        if tag is not None:
            api.create_tag(repo, repo_type="dataset", tag=tag)
    except (HfHubHTTPError, HFValidationError, HTTPError, OSError) as error:
        raise MemcurateError(f"{repo} was not published: {error}") from error
    print(commit.commit_url)
