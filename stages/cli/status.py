"""memcurate status: what each source gave, stage by stage, as a table."""

import json
from collections.abc import Iterator, Sequence

from pipeline.core.params import load_params
from stages.shared.paths import DATASET_DIR, metrics_path
from stages.shared.yields import StageYield, read_yield

_HEADER = (
    "source",
    "train",
    "test",
    "chunks",
    "questions",
    "records dropped",
    "segments dropped",
    "instances dropped",
    "questions dropped",
)


def status() -> None:
    """Show what each enabled source gave: instances, chunks and questions kept, and what was dropped.

    The table counts up to `filter`, and the last line is what `assemble` made of all sources. A dash marks a
    source that was not built yet. `memcurate trace` and data/report tell the reasons.
    """
    rows = [_HEADER, *map(_describe, load_params().enabled_sources)]
    for line in _align(rows):
        print(line)
    print(_describe_dataset())


def _describe(source: str) -> Sequence[str]:
    chunk, question, kept = (read_yield(stage, source) for stage in ("chunk", "question", "filter"))
    if chunk is None or question is None or kept is None:
        return (source, *["–"] * (len(_HEADER) - 1))
    stages: list[StageYield] = [chunk, question, kept]
    dropped = [
        sum(stage.num_rejected(kind) for stage in stages)
        for kind in ("record", "segment", "instance", "question")
    ]
    counts = (kept.train, kept.test, kept.chunks, kept.questions.total(), *dropped)
    return (source, *(f"{count:,}" for count in counts))


def _describe_dataset() -> str:
    path = metrics_path("assemble", None)
    if not DATASET_DIR.exists() or not path.exists():
        return f"\n{DATASET_DIR}: not here yet; `dvc repro assemble` joins the sources"
    counts = json.loads(path.read_text(encoding="utf-8"))
    return (
        f"\n{DATASET_DIR}, last assembled: {counts['train']:,} train and {counts['test']:,} test instances, "
        f"{counts['questions']:,} questions; assemble dropped {counts['rejected']:,}"
    )


def _align(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        first, *others = (
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join((first, *others))
