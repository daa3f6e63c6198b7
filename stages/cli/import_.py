"""memcurate import: published files in Mem-alpha's schema as rows of memcurate's schema."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.core.atomic import atomic_file
from pipeline.core.errors import MemcurateError
from pipeline.core.params import load_params
from pipeline.core.printable import escape_hidden
from pipeline.core.schema import SPLITS, Instance, Reject, Split, arrow_schema
from pipeline.core.storage import row_group_sizes, write_rows
from pipeline.publish import mem_alpha
from pipeline.publish.hub_folder import DatasetConfig, check_readme, write_readme
from pipeline.text.tokens import Tokenizer
from stages.cli.export import make_output_dir
from stages.shared.paths import ASSETS_DIR


def import_files(
    files: Annotated[list[Path], typer.Argument(help="files in Mem-alpha's schema, named by their split")],
    out: Annotated[Path, typer.Option(help="folder for a Parquet file of each, in memcurate's schema")],
) -> None:
    """Read published files into memcurate's schema. Lineage ends at them; rejected rows are listed.

    `datasets.load_dataset` loads the folder by its README.md.
    """
    count_tokens = Tokenizer(load_params().tokenizer, ASSETS_DIR).count
    by_split = {_infer_split(file): file for file in files}
    if len(by_split) < len(files):
        raise MemcurateError(f"two of {', '.join(map(str, files))} are of one split: import them one by one")
    make_output_dir(out)
    check_readme(out)
    rejects: list[Reject] = []
    for split, file in by_split.items():
        before = len(rejects)
        with atomic_file(out / f"{split}.parquet") as aside:
            rows = write_rows(aside, Instance, mem_alpha.import_instances(file, split, count_tokens, rejects))
        print(f"{out / f'{split}.parquet'}: {rows} instances of {file}, {len(rejects) - before} rejected")
    with atomic_file(out / "rejects.parquet") as aside:
        write_rows(aside, Reject, sorted(rejects, key=lambda one: one.id))
    _write_readme(out)
    for reject in rejects:
        location = f"{reject.source_span.file}{reject.source_span.record}" if reject.source_span else ""
        print(escape_hidden(f"rejected {location}: {reject.reason}, {reject.detail}"))


def _write_readme(out: Path) -> None:
    """Write a README.md that names the split files of a folder, of earlier imports too."""
    paths = {split: out / f"{split}.parquet" for split in SPLITS}
    names: dict[Split, str] = {
        split: path.name for split, path in paths.items() if path.exists() and any(row_group_sizes(path))
    }
    lines = ["# Memory-training data, imported by memcurate", "", "`rejects.parquet` lists rejected rows."]
    write_readme(out, [DatasetConfig("default", arrow_schema(Instance), names)], lines)


def _infer_split(file: Path) -> Split:
    """Return the split that a file is named by."""
    splits = [split for split in SPLITS if split in file.stem]
    if len(splits) != 1:
        names = ", ".join(f"{split}.parquet" for split in SPLITS)
        raise MemcurateError(f"{file}: its name does not say its split: name it one of {names}")
    return splits[0]
