"""memcurate status: what each source gave, stage by stage, as a table."""

import json
from collections.abc import Iterator, Sequence

from pipeline.core.params import Params, load_params
from stages.shared.paths import DATASET_DIR, metrics_path
from stages.shared.yields import SPLITS, StageYield, read_yield

_HEADER = (
    "source",
    "train",
    "test",
    "train chunks",
    "test chunks",
    "train questions",
    "test questions",
    "records dropped",
    "segments dropped",
    "instances dropped",
    "questions dropped",
)


def status() -> None:
    """Show what each enabled source gave, in train and in test, and what was dropped.

    The table counts up to `filter`, and the last line is what `assemble` made of all sources. A dash marks a
    source that was not built yet. `memcurate trace` and data/report tell the reasons.
    """
    params = load_params()
    rows = [_HEADER, *map(_describe, params.enabled_sources)]
    for line in _align(rows):
        print(line)
    for line in _warn_of_empty_splits(params):
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
    found = (kept.instances, kept.chunks, kept.questions_by_split)
    counts = (*(one[split] for one in found for split in SPLITS), *dropped)
    return (source, *(f"{count:,}" for count in counts))


def _warn_of_empty_splits(params: Params) -> Iterator[str]:
    """Yield a line for each built source that has no instance in a split; evaluation sets need one alone."""
    for source in params.enabled_sources:
        found = read_yield("filter", source)
        if found is None or (source in params.dataset.eval_only_sources and found.instances.total()):
            continue
        for split in SPLITS:
            if not found.instances[split]:
                yield f"warning: {source} has no {split} instance: `memcurate preview {source}` tells why"


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
