"""memcurate add: one's own files as a new source of params.yaml."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.core.atomic import write_text
from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileLocation, FileSpec, Params, load_params
from pipeline.core.params.validation import validate_params
from pipeline.core.unicode import is_well_formed
from pipeline.core.yaml_reader import parse_yaml, read_text
from pipeline.report.detect_language import detect_language
from pipeline.report.preview import make_preview
from pipeline.report.preview_text import format_preview
from pipeline.sources import make_reader
from pipeline.sources.detection import detect_format
from stages.cli.params_block import format_block, insert_source
from stages.cli.preview import open_sample, require_assets
from stages.shared.paths import ASSETS_DIR

_PARAMS = Path("params.yaml")


def add(
    paths: Annotated[list[Path], typer.Argument(help="files or folders; several have one format")],
    name: Annotated[
        str | None, typer.Option(help="name of the source; default: that of the first path")
    ] = None,
) -> None:
    """Add files of your own to params.yaml as a source, and show what a sample of them gives.

    The format is detected: chats, texts, labels, questions with contexts, dated entries, or SQuAD. So is the
    language, where it plainly is not English. Nothing else in params.yaml changes, and nothing at all where
    the sample gives no instance. The next `dvc repro` builds the source.
    """
    params = load_params(_PARAMS)
    require_assets()
    source = name or _make_name(paths[0])
    if not re.fullmatch("[a-z][a-z0-9_]*", source):
        raise MemcurateError(f"--name {source!r}: write lower-case letters, digits and _")
    if source in params.sources:
        raise MemcurateError(f"params.yaml has a source {source!r} already: choose another --name")
    files = _make_locators(paths)
    specs = [FileSpec(locations=[FileLocation(locator=locator)], subdir="") for locator in files]
    with open_sample(source, specs) as sample:
        detected = detect_format(sorted(path for path in sample.folder.rglob("*") if path.is_file()))
        block = {"format": detected.name, "files": files, **detected.columns}
        text, params = _insert_block(source, block)
        language = detect_language(make_reader(source, params.sources[source]).parse(sample.folder))
        if language:
            block["language"] = language
            text, params = _insert_block(source, block)
        preview = make_preview(source, params, sample, ASSETS_DIR)
        if preview.instances:
            write_text(_PARAMS.resolve(), text)
            print(f"params.yaml has a new source, {source}.", end=" ")
        described = {key: value for key, value in block.items() if key not in ("format", "files")}
        columns = "".join(f", {key}: {column}" for key, column in described.items())
        print(f"format: {detected.name}{columns}")
        print(f"  because: {detected.reason}\n")
        if detected.warning:
            print(f"  warning: {detected.warning}\n")
        print("\n".join(format_preview(source, preview)))
    if not preview.instances:
        raise MemcurateError(
            f"params.yaml is unchanged, for nothing can be built of {source} yet: its sample gives no "
            "instance, for the reasons above. Add more text, or mend what was dropped. Or write the source "
            "below `sources` with other `chunking` and `checks`, its name below `enabled_sources`, and run "
            f"`memcurate preview {source}` after each change:\n\n"
            f"{format_block(source, block)}"
        )
    print(f"\nNext: dvc repro filter@{source}")


def _insert_block(source: str, block: dict[str, Any]) -> tuple[str, Params]:
    """Return params.yaml with the block, as text and read. Raises MemcurateError where that fails."""
    text = read_text(_PARAMS)
    new_text = insert_source(text, source, block, str(_PARAMS))
    expected = parse_yaml(text, str(_PARAMS))
    expected["sources"] = {**expected["sources"], source: block}
    expected["enabled_sources"] = [*expected["enabled_sources"], source]
    if parse_yaml(new_text, str(_PARAMS)) != expected:
        raise MemcurateError(
            f"params.yaml cannot be edited automatically, so nothing was changed: write under `sources` "
            f"{source}: {block}, and the name under `enabled_sources`"
        )
    return new_text, validate_params(Params, parse_yaml(new_text, str(_PARAMS)), _PARAMS)


def _make_name(path: Path) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", path.resolve().name.partition(".")[0].lower()).strip("_")
    return name if name[:1].isalpha() else f"source_{name}".rstrip("_")


def _make_locators(paths: list[Path]) -> list[str]:
    """Return locators of files, and of all files below folders. Raises MemcurateError for a missing path."""
    for path in paths:
        if not path.exists():
            raise MemcurateError(f"{path} is missing")
        if not is_well_formed(str(path)):
            raise MemcurateError(f"{str(path)!r}: the file's name is not UTF-8: rename it")
    return [f"file:{path}{'/**' if path.is_dir() else ''}" for path in paths]
