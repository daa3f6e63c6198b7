"""memcurate show and trace: what was built down to the raw characters, and what became of a raw record."""

import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from pipeline.errors import MemcurateError
from pipeline.lineage.finding import find, find_loose, not_found, rejected
from pipeline.lineage.places import place
from pipeline.lineage.rooms import Rooms
from pipeline.lineage.showing import ReadRaw, Showing
from pipeline.lineage.tracing import trace as trace_record
from pipeline.params import Params, load_params
from pipeline.schema import Span
from pipeline.sources.reading import read_text, read_value, string_at
from pipeline.storage import read_row
from pipeline.text.visible import visible
from stages.episodes import episode_files
from stages.running import CHUNKS, DATASET, FILTERED, QUESTIONS, RAW
from training.schema import Episode
from training.showing import overview, question_in_full, step_in_full

T = TypeVar("T")

_PLAIN_MARK = ("⟦", "⟧")
_TERMINAL_MARK = ("\x1b[7m", "\x1b[27m")  # reversed colours


def show(
    identity: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="an instance, chunk, question or segment; or an episode, METHOD:INSTANCE"
        ),
    ],
    step: Annotated[int | None, typer.Option(min=0, help="of an episode, one step in full")] = None,
    question: Annotated[int | None, typer.Option(min=0, help="of an episode, one question in full")] = None,
) -> None:
    """Show what was built: its text, what it belongs to, where it was read; or why it was rejected."""
    if ":" in identity:
        _show_episode(identity, step, question)
        return
    params, source = load_params(), identity.partition("/")[0]
    _known(params, source)
    mark = _TERMINAL_MARK if sys.stdout.isatty() else _PLAIN_MARK
    showing = Showing(_reader(RAW / source), params.sources[source].checks, mark)
    rooms = _rooms(source)
    found = find(rooms, identity)
    if found is not None and found.room == "dataset":
        print(showing.found(found, identity))
        return
    rejects = list(rejected(_rejects(source), identity))
    for number, one in enumerate(rejects, start=1):
        whole = found if number == len(rejects) and one.id == identity else None
        print(showing.reject(one, whole))
    if rejects:
        return
    if found is not None:
        print(f"{DATASET} does not have it: this is what data/{found.room}/{source} holds\n")
        print(showing.found(found, identity))
        return
    loose = find_loose(rooms, identity)
    if loose is None:
        raise not_found(identity)
    print(showing.loose(loose))


def trace(
    source: Annotated[str, typer.Argument(help="a source in `use`")],
    record: Annotated[
        str, typer.Argument(help="a place in data/raw/SOURCE: FILE, FILE#POINTER, FILE@START-END")
    ],
) -> None:
    """Show what became of a raw record: its chunks, what is asked of it, what was rejected and why."""
    _known(load_params(), source)
    wanted = place(record)
    if (RAW / source).is_dir() and not (RAW / source / wanted.file).is_file():
        known = sorted(
            str(path.relative_to(RAW / source)) for path in (RAW / source).rglob("*") if path.is_file()
        )
        raise MemcurateError(f"{RAW / source} has no file {wanted.file}; it has {', '.join(known)}")
    rooms = _rooms(source)
    lines = list(trace_record(rooms, wanted, _rejects(source)))
    if not lines:
        raise MemcurateError(
            f"nothing came of {record} of {source}: no chunk, no question and no reject was read there"
            + "".join(f"; {folder} is not here" for folder in rooms.missing())
        )
    print(visible("\n".join(lines)))


def _known(params: Params, source: str) -> None:
    if source not in params.use:
        raise MemcurateError(f"source {source!r} is not in `use` of params.yaml ({', '.join(params.use)})")


def _rooms(source: str) -> Rooms:
    return Rooms(source, DATASET, FILTERED / source, QUESTIONS / source, CHUNKS / source)


def _rejects(source: str) -> Iterator[Path]:
    """The rejects that the stages of a source and assemble wrote; a file that is not here is told."""
    for folder in (CHUNKS / source, QUESTIONS / source, FILTERED / source, DATASET):
        path = folder / "rejects.parquet"
        if path.exists():
            yield path
        else:
            print(
                f"{path} is not here, so its rejects are not looked at: `dvc repro`, or `dvc pull {folder}`",
                file=sys.stderr,
            )


def _reader(raw: Path) -> ReadRaw:
    """Reads spans of a source, each file once."""

    @cache
    def value(file: str, in_record: bool) -> object:
        return read_value(raw / file) if in_record else read_text(raw / file, ("utf-8", "latin-1"))

    def read(span: Span) -> str:
        if not (raw / span.file).exists():
            return f"({raw / span.file} is not here: `dvc pull {raw}`)"
        try:
            whole = value(span.file, bool(span.record))
            text = string_at(whole, span.record, raw / span.file) if span.record else str(whole)
        except MemcurateError as error:
            return f"({error})"  # other raw files than what was built of them
        return text[span.start : span.end]

    return read


def _show_episode(identity: str, step: int | None, question: int | None) -> None:
    episode = _episode(identity)
    if step is not None:
        print(visible(step_in_full(_numbered(episode.steps, step, f"{identity}, step"))))
    if question is not None:
        asked = _numbered(episode.answers, question, f"{identity}, question")
        print(visible(question_in_full(episode, asked)))
    if step is None and question is None:
        print(visible(overview(episode)))


def _episode(identity: str) -> Episode:
    method = identity.split(":")[0]
    known = episode_files()
    paths = [path for name, path in known if name == method]
    if not paths:
        names = ", ".join(sorted({name for name, _ in known}))
        raise MemcurateError(
            f"there is no episode {identity!r}: an id is METHOD:INSTANCE, and the methods evaluated are "
            f"{names or 'none yet; run `dvc repro evaluate` or `dvc repro evaluate_trained`'}"
        )
    for path in paths:
        episode = read_row(path, Episode, identity)
        if episode is not None:
            return episode
    raise MemcurateError(
        f"there is no episode {identity!r} in {' or '.join(map(str, paths))}: {method} did not play such an "
        "instance; an id is METHOD:INSTANCE, with an instance's id as in data/dataset/test.parquet"
    )


def _numbered(items: Sequence[T], number: int, what: str) -> T:
    if number >= len(items):
        raise MemcurateError(f"{what} {number}: there are {len(items)}, from 0")
    return items[number]
