"""memcurate show: a row of the dataset, a reject or an episode, down to the raw characters."""

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from pipeline.core.errors import MemcurateError
from pipeline.core.params import load_params, require_enabled
from pipeline.core.printable import escape_hidden
from pipeline.core.schema import Span
from pipeline.core.storage import read_row
from pipeline.lineage.lookup import find_rejects, look_up, look_up_unassigned, not_found_error
from pipeline.lineage.render import RawReader, TerminalRenderer
from pipeline.sources import SourceReader, make_reader
from pipeline.sources.span_reader import SpanReader
from stages.cli.lineage_files import list_reject_files, source_outputs
from stages.shared.paths import DATASET_DIR, RAW_DIR, list_episode_files
from training.evaluation.format_episode import format_overview, format_question, format_step
from training.memory.schema import Episode

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
    limit: Annotated[int, typer.Option(min=0, help="of a chunk, number of segments to list; 0: all")] = 10,
) -> None:
    """Show a row by its id: its text, its parents, its raw span; or the reason for its rejection."""
    if ":" in identity:
        _show_episode(identity, step, question)
        return
    params, source = load_params(), identity.partition("/")[0]
    require_enabled(params, source)
    mark = _TERMINAL_MARK if sys.stdout.isatty() else _PLAIN_MARK
    reader = make_reader(source, params.sources[source])
    read_span = make_span_reader(reader, RAW_DIR / source)
    checks = params.sources[source].checks
    renderer = TerminalRenderer(read_span, checks, mark, reader.find_decoder(), limit)
    outputs = source_outputs(source)
    entity = look_up(outputs, identity)
    if entity is not None and entity.output == "dataset":
        print(renderer.render_entity(entity, identity))
        return
    rejects = list(find_rejects(list_reject_files(source), identity))
    for number, reject in enumerate(rejects, start=1):
        rejected_entity = entity if number == len(rejects) and reject.id == identity else None
        print(renderer.render_reject(reject, rejected_entity))
    if rejects:
        return
    if entity is not None:
        print(f"{DATASET_DIR} does not have it: this is what data/{entity.output}/{source} holds\n")
        print(renderer.render_entity(entity, identity))
        return
    unassigned = look_up_unassigned(outputs, identity)
    if unassigned is None:
        raise not_found_error(identity)
    print(renderer.render_unassigned(unassigned))


def make_span_reader(reader: SourceReader, raw_dir: Path) -> RawReader:
    """Return a function that reads spans of a source's raw files, decoded as its format decodes them."""

    @cache
    def open_spans() -> SpanReader:
        return reader.open_spans(raw_dir)

    def read_span(span: Span) -> str:
        try:
            path = raw_dir / open_spans().find_file(span.file)
            if not path.exists():
                return f"({path} is not here: `dvc pull {raw_dir}`)"
            return open_spans().read(span)
        except MemcurateError as error:
            return f"({error})"  # the raw files or the format are not those that the rows were built from

    return read_span


def _show_episode(identity: str, step: int | None, question: int | None) -> None:
    episode = _read_episode(identity)
    if step is not None:
        print(escape_hidden(format_step(_item_at(episode.steps, step, f"{identity}, step"))))
    if question is not None:
        answer = _item_at(episode.answers, question, f"{identity}, question")
        print(escape_hidden(format_question(episode, answer)))
    if step is None and question is None:
        print(escape_hidden(format_overview(episode)))


def _read_episode(identity: str) -> Episode:
    method = identity.split(":")[0]
    known = list_episode_files()
    paths = [path for name, path in known if name == method]
    if not paths:
        names = ", ".join(sorted({name for name, _ in known}))
        raise MemcurateError(
            f"unknown episode {identity!r}: an id is METHOD:INSTANCE, and the methods evaluated are "
            f"{names or 'none yet; run `dvc repro evaluate` or `dvc repro evaluate_trained`'}"
        )
    for path in paths:
        episode = read_row(path, Episode, identity)
        if episode is not None:
            return episode
    raise MemcurateError(
        f"unknown episode {identity!r}: it is not in {' or '.join(map(str, paths))}; an id is "
        "METHOD:INSTANCE, with an instance's id as in data/dataset/test.parquet"
    )


def _item_at(items: Sequence[T], index: int, label: str) -> T:
    if index >= len(items):
        raise MemcurateError(f"{label} {index}: there are {len(items)}, counted from 0")
    return items[index]
