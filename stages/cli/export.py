"""memcurate export: the dataset in other formats."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from pipeline.core.atomic import atomic_file
from pipeline.core.columns import to_row
from pipeline.core.errors import MemcurateError
from pipeline.core.params import Params, load_params
from pipeline.core.schema import Instance, Split, arrow_schema
from pipeline.core.storage import find_split_files, read_parts
from pipeline.publish import mem_alpha
from pipeline.publish.data_sources import SUPPORTED_METRICS, InstanceQuestionKinds, parse_names
from pipeline.publish.hub_folder import DatasetConfig, check_readme, dump_json_line, write_readme
from stages.cli.export_environment import export_environment
from stages.cli.export_trl import export_steps
from stages.shared.paths import DATASET_DIR

_LOADING = (
    "```python",
    "from datasets import load_dataset",
    "",
    'data = load_dataset("path/of/this/folder")',
    "```",
)


class ExportFormat(StrEnum):
    """Format that `memcurate export` writes."""

    MEM_ALPHA = "mem-alpha"
    TRL = "trl"
    JSONL = "jsonl"
    VERIFIERS = "verifiers"
    OPENENV = "openenv"
    SKYRL = "skyrl"
    VERL = "verl"
    NEMO_GYM = "nemo-gym"


_ENVIRONMENTS = (
    ExportFormat.VERIFIERS,
    ExportFormat.OPENENV,
    ExportFormat.SKYRL,
    ExportFormat.VERL,
    ExportFormat.NEMO_GYM,
)


def export(
    folder: Annotated[
        Path,
        typer.Argument(help="folder to write: one or two files for each split, or a package; and README.md"),
    ],
    export_format: Annotated[
        ExportFormat,
        typer.Option(
            "--format",
            help="mem-alpha: Parquet in the schema of the published files. trl: JSONL of the scripted "
            "writer's steps, as prompt and completion, in texts and in messages. jsonl: a row of the "
            "dataset a line. verifiers, openenv, skyrl, verl, nemo-gym: an environment package for the "
            "framework of that name, with the dataset in it.",
        ),
    ],
    data_source: Annotated[
        list[str],
        typer.Option(
            "--as",
            metavar="[SOURCE=]NAME",
            help="mem-alpha only, repeatable: `data_source` of the rows of a source, or of all. Without it, "
            "a name that Mem-alpha's code knows is chosen by the questions.",
        ),
    ] = [],  # noqa: B006  # Typer reads it and does not change it
) -> None:
    """Write the dataset in another format. The same dataset gives the same bytes."""
    if data_source and export_format is not ExportFormat.MEM_ALPHA:
        raise MemcurateError(
            f"--as belongs to --format mem-alpha, not to {export_format.value}: leave it out"
        )
    params = load_params()
    files = find_split_files(DATASET_DIR)
    for path in chain.from_iterable(files.values()):
        if not path.exists():
            raise MemcurateError(f"{path} is not here: run `dvc repro assemble` or `dvc pull {DATASET_DIR}`")
    make_output_dir(folder)
    if export_format is ExportFormat.TRL:
        export_steps(folder, files, params)
    elif export_format is ExportFormat.JSONL:
        _export_jsonl(folder, files)
    elif export_format in _ENVIRONMENTS:
        export_environment(folder, export_format.value.replace("-", "_"), params)
    else:
        _export_mem_alpha(folder, files, params, data_source)


def make_output_dir(folder: Path) -> None:
    """Create a folder and its parents. Raises MemcurateError where that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MemcurateError(f"{folder} cannot be made: {error.strerror}. Name another folder.") from error


def _export_mem_alpha(
    folder: Path, files: Mapping[Split, Sequence[Path]], params: Params, options: Sequence[str]
) -> None:
    """Write a Parquet file of each split, and a README.md that names them."""
    check_readme(folder)
    rows = {name: source.parity.row if source.parity else None for name, source in params.sources.items()}
    names = parse_names(options, rows)
    names.require_all(read_parts(chain.from_iterable(files.values()), InstanceQuestionKinds))
    exported: dict[Split, str] = {}
    for split, paths in files.items():
        summary = mem_alpha.ExportSummary()
        path = folder / f"{split}.parquet"
        with atomic_file(path) as aside:
            count = mem_alpha.export_instances(aside, read_parts(paths, Instance), names, summary)
        print(f"{path}: {count} rows")
        for (source, name), row_count in sorted(summary.row_counts.items()):
            note = _name_note(name, summary.mismatch_counts[source, name])
            print(f"  {source} as {name}: {row_count}{note}")
        if summary.num_left_out:
            print(f"  {summary.num_left_out} questions left out: they are asked before the last chunk")
        if count:
            exported[split] = path.name
    lines = [
        "# Memory-training data by memcurate, in the schema of Mem-alpha's files",
        "",
        "`chunks`, `questions_and_answers` and `metadata` are JSON strings.",
        "",
        *_LOADING,
    ]
    write_readme(folder, [DatasetConfig("default", mem_alpha.SCHEMA, exported)], lines)


def _name_note(name: str, mismatches: int) -> str:
    """Return what the user should know of a name that was given by `--as`; empty for others."""
    if name not in SUPPORTED_METRICS:
        return " (not a name of Mem-alpha's code: add a prompt to its config/prompts_wrt_datasource.yaml)"
    return f" ({mismatches} with questions that its code scores by another metric)" if mismatches else ""


def _export_jsonl(folder: Path, files: Mapping[Split, Sequence[Path]]) -> None:
    """Write the rows of each split as JSON, a line each."""
    check_readme(folder)
    names: dict[Split, str] = {}
    for split, paths in files.items():
        count = 0
        with atomic_file(folder / f"{split}.jsonl") as aside, aside.open("w", encoding="utf-8") as file:
            for instance in read_parts(paths, Instance):
                file.write(dump_json_line(to_row(instance)))
                count += 1
        print(f"{folder / f'{split}.jsonl'}: {count} rows")
        if count:
            names[split] = f"{split}.jsonl"
    readme_lines = [
        "# Memory-training data by memcurate, a row a line",
        "",
        "The rows and fields are those of the dataset's own card.",
        "",
        *_LOADING,
        "",
        "`datasets` takes a time such as `2024-01-01 00:00` in JSON for a moment and gives it as "
        "`2024-01-01 00:00:00`. The Parquet files of the dataset give all strings as they are.",
    ]
    write_readme(folder, [DatasetConfig("default", arrow_schema(Instance), names)], readme_lines)
