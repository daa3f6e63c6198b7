"""memcurate add: one's own files as a new source of params.yaml."""

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.core.atomic import write_text
from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileLocation, FileSpec, Params, load_params
from pipeline.core.params.validation import validate_params
from pipeline.core.printable import count_noun
from pipeline.core.unicode import is_well_formed
from pipeline.core.yaml_reader import parse_yaml, read_text
from pipeline.fetching import expand_local_files
from pipeline.report.detect_language import detect_language
from pipeline.report.preview import make_preview
from pipeline.report.preview_text import format_preview
from pipeline.sources import make_reader
from pipeline.sources.detection import DetectedFormat, detect_format
from pipeline.sources.mixture import find_mixture
from stages.cli.params_block import format_block, insert_source
from stages.cli.preview import open_sample, require_assets
from stages.shared.paths import ASSETS_DIR

_PARAMS = Path("params.yaml")
_MAX_NAMED = 5  # paths in a command that is printed


def add(
    paths: Annotated[list[Path], typer.Argument(help="files or folders; several have one format")],
    name: Annotated[
        str | None, typer.Option(help="name of the source; default: that of the first path")
    ] = None,
) -> None:
    """Add files of your own to params.yaml as a source, and show what a sample of them gives.

    A source has one format: where some of the files are chats and others are not, add them one by one.
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
        detected = _detect_one_format(sample.folder, paths)
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
    for other, count in _count_shared_files(source, params).items():
        verb = "is" if count == 1 else "are"
        print(f"\nwarning: {count_noun(count, 'file')} of {source} {verb} in {other} too")
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


def _detect_one_format(folder: Path, paths: Sequence[Path]) -> DetectedFormat:
    """Return the format of the files in a folder, a sample of `paths`.

    Raises MemcurateError where none fits, or where some of them are chats and the rest is something else.
    """
    error = None
    try:
        detected = detect_format(sorted(path for path in folder.rglob("*") if path.is_file()))
    except MemcurateError as not_detected:
        error = not_detected
    mixture = find_mixture(folder, "" if error else detected.name)
    if len(mixture) > 1:
        raise MemcurateError(_describe_mixture(paths, mixture))
    if error:
        raise error
    return detected


def _describe_mixture(paths: Sequence[Path], mixture: Mapping[str, Sequence[Path]]) -> str:
    """Say which commands add the parts of a mixed folder; their paths are as the user wrote `paths`."""
    commands = []
    for parts in mixture.values():
        found = [str(_find_local(paths, part)) for part in parts]
        more = " …" if len(found) > _MAX_NAMED else ""
        commands.append(f"  memcurate add {shlex.join(found[:_MAX_NAMED])}{more}")
    return (
        f"{', '.join(map(str, paths))}: some files are chats, others are not or are of another kind, and a "
        "source has one format. params.yaml is unchanged. Add them one by one:\n" + "\n".join(commands)
    )


def _find_local(paths: Sequence[Path], part: Path) -> Path:
    """Return the path of a part of the files, below one of the paths that were given, where it is there."""
    candidates = [path if path.name == str(part) else path / part for path in paths]
    return next((one for one in candidates if one.exists()), part)


def _count_shared_files(source: str, params: Params) -> dict[str, int]:
    """Count the local files of a new source that other sources have too, by source."""
    files = _find_local_files(params.sources[source].files)
    others = {name: one.files for name, one in params.sources.items() if name != source}
    counts = {name: len(files & _find_local_files(specs)) for name, specs in others.items()}
    return {name: count for name, count in counts.items() if count}


def _find_local_files(specs: Sequence[FileSpec]) -> set[str]:
    """Return the locators of local files; empty where one of them is missing."""
    local = [spec for spec in specs if spec.locations[0].locator.startswith("file:")]
    try:
        return {file.locations[0].locator for file in expand_local_files(local)}
    except MemcurateError:
        return set()


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
