"""The dataset card: README.md with the hub's YAML header, made from what was built."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args, get_type_hints

import yaml

from pipeline.comparing.comparison import SourceDiff
from pipeline.comparing.told import counted, reasons
from pipeline.params import About, Params
from pipeline.schema import SCHEMA_VERSION, SPLITS, Chunk, Instance, PlacedSegment, Question, Span, Split

_ORIGINS = {
    "carried": "the source's own questions",
    "held-out": "the label of an example that the instance does not show",
    "summary": "what was read, answered by keywords that the text says often and others seldom",
    "cloze": "a sentence with a name, a number, a place, a time or a thing left out",
    "written": "written by a model",
}


def card(
    params: Params,
    about: Mapping[str, About],
    figures: Mapping[str, Any],
    personal: Mapping[str, Mapping[str, int]],
    changes: Sequence[SourceDiff],
) -> str:
    """The card's text. `figures` are those of the assemble stage, by source and split; `personal` counts what
    looks like personal data, by source and kind; `changes` are those since `dataset.previous`.
    """
    splits = [split for split in SPLITS if any(split in of_source for of_source in figures.values())]
    rows = []
    for source in params.use:
        sides = [figures[source].get(split, {}) for split in splits]
        instances = " / ".join(str(side.get("instances", 0)) for side in sides)
        questions = " / ".join(str(sum(side.get("questions_by_origin", {}).values())) for side in sides)
        rows.append(
            f"| {source} | {about[source].title} | {about[source].licence} | {instances} | {questions} |"
        )
    names = " / ".join(splits)
    notes = [f"- **{source}**: {about[source].note}" for source in params.use if about[source].note]
    return "\n".join(
        [
            "---",
            _header(params, about, figures, splits),
            "---",
            "",
            "# Memory-training data by memcurate",
            "",
            "Each row is an instance: chunks of dated interaction, to be read one by one by an agent that "
            "writes to its memory, and questions to be answered from that memory alone.",
            "",
            "```python",
            "from datasets import load_dataset",
            "",
            f'data = load_dataset("parquet", data_files={json.dumps(_files(splits))})',
            "```",
            "",
            "## Sources",
            "",
            f"| source | what it is | licence | instances, {names} | questions, {names} |",
            "|---|---|---|---|---|",
            *rows,
            "",
            *(["What to know before using them:", "", *notes, ""] if notes else []),
            "## Questions",
            "",
            f"| origin | what it asks | {' | '.join(splits)} |",
            f"|---|---|{'---|' * len(splits)}",
            *_origins(params.use, figures, splits),
            "",
            "Every question passed the checks that its source asks for (`params.yaml`). Clozes and summary "
            "questions are made by rules, without a model; `reviews/` of the project holds what a reader "
            "thought of a sample.",
            "",
            "## Personal data",
            "",
            *_personal(personal),
            "",
            *(_changes(params.dataset.previous, changes) if params.dataset.previous else []),
            "## How it was built",
            "",
            f"By `dvc repro` of memcurate, seed {params.seed}, tokens counted by `{params.tokenizer}`. "
            "No document of train stands in another split, and no segment; nor do "
            f"{params.dataset.contamination_words} words in a row; near-duplicates are left out. At most "
            f"{params.dataset.limit} train instances of a source are used, taken in turn from its documents. "
            "Every chunk holds its token budget as rendered. `rejects.parquet` says which instances were "
            "left out in this last step, and why; the stages before keep files of the same kind.",
            "",
            "## Fields",
            "",
            f"Schema version {SCHEMA_VERSION}.",
            "",
            *_fields("Instance", Instance),
            *_fields("Chunk", Chunk),
            *_fields("Segment in a chunk", PlacedSegment),
            *_fields("Question", Question),
            *_fields("Span: where a text stands in the raw files", Span),
        ]
    )


def _files(splits: Iterable[Split]) -> dict[str, str]:
    """The file of each split."""
    return {split: f"{split}.parquet" for split in splits}


def _origins(use: Iterable[str], figures: Mapping[str, Any], splits: Iterable[Split]) -> list[str]:
    """Rows of the table of origins."""
    counts: dict[str, Counter[str]] = {split: Counter() for split in splits}
    for source in use:
        for split, of_split in counts.items():
            of_split.update(figures[source].get(split, {}).get("questions_by_origin", {}))
    return [
        f"| {origin} | {asks} | {' | '.join(str(of_split[origin]) for of_split in counts.values())} |"
        for origin, asks in _ORIGINS.items()
        if any(of_split[origin] for of_split in counts.values())
    ]


def _personal(personal: Mapping[str, Mapping[str, int]]) -> list[str]:
    """What looks like personal data, source by source."""
    lines = [
        f"- **{source}**: " + ", ".join(f"{count} of kind {kind}" for kind, count in sorted(kinds.items()))
        for source, kinds in personal.items()
        if kinds
    ]
    if not lines:
        return ["No e-mail address, telephone or card number or key was found by patterns."]
    return [
        "Found by patterns in the sources' texts, and left as it is (some of it is invented or public):",
        "",
        *lines,
    ]


def _header(
    params: Params, about: Mapping[str, About], figures: Mapping[str, Any], splits: Iterable[Split]
) -> str:
    """The YAML header that the dataset hub reads."""
    total = sum(side["instances"] for source in params.use for side in figures[source].values())
    size = "n<1K" if total < 1000 else "1K<n<10K" if total < 10_000 else "10K<n<100K"
    header = {
        "pretty_name": "Memory-training data by memcurate",
        "language": ["en"],
        "license": "other",
        "license_name": "mixed",
        "license_details": ", ".join(sorted({about[source].licence for source in params.use})),
        "task_categories": ["question-answering"],
        "tags": ["agents", "long-term-memory", "memory-agent", "reinforcement-learning"],
        "size_categories": [size],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": path} for split, path in _files(splits).items()],
            }
        ],
    }
    return yaml.safe_dump(header, sort_keys=False, allow_unicode=True).rstrip()


def _changes(previous: str, changes: Sequence[SourceDiff]) -> list[str]:
    """What is different since a version, and why."""
    lines = [f"## Changes since {previous}", ""]
    if not changes:
        return [*lines, "No row differs.", ""]
    lines += ["| source | instances | chunks | questions |", "|---|---|---|---|"]
    for one in changes:
        cells = [counted(one.rows[kind]) for kind in ("instances", "chunks", "questions")]
        lines.append(f"| {one.source} | {' | '.join(cells)} |")
    return [
        *lines,
        "",
        *(f"- **{one.source}**: {reason}" for one in changes for reason in reasons(one.causes)),
        "",
    ]


def _fields(title: str, shape: type) -> list[str]:
    """The documented fields of a shape as a table."""
    lines = [f"### {title}", "", "| field | what it is |", "|---|---|"]
    for name, hint in get_type_hints(shape, include_extras=True).items():
        lines.append(f"| {name} | {get_args(hint)[1]} |")
    return [*lines, ""]
