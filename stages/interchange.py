"""memcurate export, import and push: the dataset in other formats, back from one, and on the dataset hub."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from tqdm import tqdm

from pipeline.errors import MemcurateError
from pipeline.folders import whole_file
from pipeline.interchange import mem_alpha
from pipeline.params import Params, load_params
from pipeline.schema import SPLITS, Instance, Reject, Split, to_row
from pipeline.storage import read_rows, split_files, write_rows
from pipeline.text.tokens import Tokenizer
from stages.running import ASSETS, DATASET
from training.params import agent_params
from training.schema import InstanceToPlay


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
    folder.mkdir(parents=True, exist_ok=True)
    for split, path in split_files(DATASET).items():
        if not path.exists():
            raise MemcurateError(f"{path} is not here: run `dvc repro assemble` or `dvc pull {DATASET}`")
        for name, count in _written(form, split, path, folder, params):
            print(f"{folder / name}: {count} rows")


def _written(
    form: Format, split: Split, path: Path, folder: Path, params: Params
) -> Iterator[tuple[str, int]]:
    """(name, rows) of the files of a split, once they are written."""
    if form is Format.TRL:
        names = f"{split}.jsonl", f"{split}.messages.jsonl"
        rows = _write_steps(path, [folder / name for name in names], params)
        yield from ((name, rows) for name in names)
    elif form is Format.JSONL:
        yield f"{split}.jsonl", _write_lines(path, folder / f"{split}.jsonl")
    else:
        named = {name: source.paper.row if source.paper else None for name, source in params.sources.items()}
        with whole_file(folder / f"{split}.parquet") as aside:
            yield f"{split}.parquet", mem_alpha.export(aside, read_rows(path, Instance), named)


def _write_lines(dataset: Path, target: Path) -> int:
    """The rows of a split as JSON, a line each."""
    count = 0
    with whole_file(target) as aside, aside.open("w", encoding="utf-8") as file:
        for instance in read_rows(dataset, Instance):
            file.write(_line(to_row(instance)))
            count += 1
    return count


def _write_steps(dataset: Path, targets: Sequence[Path], params: Params) -> int:
    """The scripted writer's steps on a split, as texts into one file and as messages into another."""
    from training.sft import messages, steps, texts  # loads spaCy, which the others do not need

    agent, count = agent_params(params), Tokenizer(params.tokenizer, ASSETS).count
    played = tqdm(read_rows(dataset, InstanceToPlay), desc=dataset.stem, disable=None, leave=False)
    rows = 0
    with ExitStack() as stack:
        asides = [stack.enter_context(whole_file(target)) for target in targets]
        plain, chats = (stack.enter_context(aside.open("w", encoding="utf-8")) for aside in asides)
        for step in steps(played, agent.memory, agent.step, count, ASSETS):
            plain.write(_line(texts(step)))
            chats.write(_line(messages(step)))
            rows += 1
    return rows


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def import_files(
    files: Annotated[list[Path], typer.Argument(help="files in Mem-alpha's schema, named by their split")],
    to: Annotated[Path, typer.Option(help="folder for a Parquet file of each, in memcurate's schema")],
) -> None:
    """Read published files into memcurate's schema. Lineage ends at them; what cannot be read is told and
    counted.
    """
    count = Tokenizer(load_params().tokenizer, ASSETS).count
    to.mkdir(parents=True, exist_ok=True)
    by_split = {_split(file): file for file in files}
    if len(by_split) < len(files):
        raise MemcurateError(f"two of {', '.join(map(str, files))} are of one split: import them one by one")
    rejects: list[Reject] = []
    for split, file in by_split.items():
        with whole_file(to / f"{split}.parquet") as aside:
            rows = write_rows(aside, Instance, mem_alpha.imported(file, split, count, rejects))
        print(f"{to / f'{split}.parquet'}: {rows} instances of {file}")
    with whole_file(to / "rejects.parquet") as aside:
        write_rows(aside, Reject, sorted(rejects, key=lambda one: one.id))
    for reject in rejects:
        where = f"{reject.raw.file}{reject.raw.record}" if reject.raw else ""
        print(f"rejected {where}: {reject.reason}, {reject.detail}")


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
