"""memcurate preview: what a sample of a source's files gives, in seconds, without the graph."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileSpec, load_params
from pipeline.fetching import default_cache, expand_local_files, fetch, mirror_from_environment
from pipeline.report.preview import Sample, make_preview, take_sample
from pipeline.report.preview_text import format_preview
from pipeline.world.files import write_corrections, write_worlds
from stages.shared.paths import ASSETS_DIR, RAW_DIR

_FEW_WORLDS = {"train": 2, "test": 1}


def preview(source: Annotated[str, typer.Argument(help="a source in `sources` of params.yaml")]) -> None:
    """Show what a sample of a source's files gives: instances, questions, rejects, and a row as it reads.

    Its local files are read where they are, others in data/raw. Nothing is written. Files of which
    nothing can be read are an error.
    """
    params = load_params()
    if source not in params.sources:
        raise MemcurateError(f"params.yaml has no source {source!r}; it has {', '.join(params.sources)}")
    require_assets()
    corpus = params.sources[source]
    with open_sample(source, corpus.files) as sample:
        if corpus.simulate is not None:
            write_worlds(corpus.simulate.model_copy(update=_FEW_WORLDS), sample.folder)
        if corpus.corrections is not None:
            write_corrections(corpus.corrections, sample.folder)
        made = make_preview(source, params, sample, ASSETS_DIR)
        print("\n".join(format_preview(source, made)))
    if not made.has_text:
        raise MemcurateError(f"nothing of {source} could be read: nothing can be built of it")
    if source not in params.enabled_sources:
        print(f"\n{source} is not built yet: write its name below `enabled_sources` of params.yaml")


def require_assets() -> None:
    """Raise MemcurateError where the tokenizers are not there yet."""
    if not ASSETS_DIR.exists():
        raise MemcurateError(f"{ASSETS_DIR} is missing: run `dvc repro assets`, once")


@contextmanager
def open_sample(source: str, files: Sequence[FileSpec]) -> Iterator[Sample]:
    """Yield a sample of files, which is removed at the end: of local files, or of data/raw/SOURCE.

    Raises MemcurateError where a file is missing.
    """
    with TemporaryDirectory(prefix="memcurate-preview-") as work:
        folders = [Path(work, name) for name in ("raw", "sample")]
        for folder in folders:
            folder.mkdir()
        raw_dir, sample_dir = folders
        if all(file.locations[0].locator.startswith("file:") for file in files):
            for file in expand_local_files(files):
                _link(file, raw_dir)
        elif (RAW_DIR / source).exists():
            raw_dir = RAW_DIR / source
        else:
            raise MemcurateError(f"{RAW_DIR / source} is missing: run `dvc repro fetch@{source}`")
        try:
            yield take_sample(raw_dir, sample_dir)
        except MemcurateError as error:
            raise MemcurateError(
                str(error).replace(f"{sample_dir}/", "").replace(str(sample_dir), "it")
            ) from None


def _link(file: FileSpec, raw_dir: Path) -> None:
    """Link a plain local file into the folder; a compressed one is unpacked as fetch does."""
    path = Path(file.locations[0].locator.removeprefix("file:"))
    if not path.is_file() or path.suffix in (".gz", ".zst", ".zip"):  # or of an archive: PATH!GLOB
        fetch([file], raw_dir, mirror=mirror_from_environment(), cache=default_cache())
        return
    target = raw_dir / file.subdir / path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        raise MemcurateError(
            f"{path} and another file would have the same name in data/raw: name a folder that holds both"
        )
    target.symlink_to(path.absolute())
