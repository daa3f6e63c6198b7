"""The dataset card: README.md of the dataset, with the YAML header that the dataset hub reads."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, get_args, get_type_hints

import yaml

from pipeline.core.params import Params, SourceCard
from pipeline.core.schema import (
    DRAWN_SPLITS,
    SCHEMA_VERSION,
    Chunk,
    Instance,
    Question,
    SegmentSpan,
    Span,
    Split,
)
from pipeline.publish.hub_folder import config_entry, hash_note

_TITLE = "Memory-training data by memcurate"

_ORIGIN_DESCRIPTIONS = {
    "source": "a question of the source itself",
    "label": "the label of an example that the instance does not contain",
    "summary": "a question about the gist of a text, answered by words that are frequent in it and rare in "
    "others",
    "cloze": "a sentence in which a name, number, location, time or object is left out",
    "generated": "a question written by a model",
}


def render_card(
    params: Params,
    source_cards: Mapping[str, SourceCard],
    counts_by_source: Mapping[str, Any],
    pii_counts: Mapping[str, Mapping[str, int]],
    changes: Sequence[str],
    files: Mapping[Split, Sequence[Path]],
) -> str:
    """Render the card of files that are written.

    `counts_by_source`: the counts of the assemble stage, by source and split. `pii_counts`: numbers of
    findings of personal data, by source and kind. `changes`: the lines of the section on changes since
    `dataset.baseline_version`; empty for a card without this section. `files`: the files of each
    split.
    """
    patterns = {
        split: paths[0].name if len(paths) == 1 else f"{split}-*.parquet" for split, paths in files.items()
    }
    config = config_entry("default", patterns) | {
        "description": hash_note(chain.from_iterable(files.values()))
    }
    splits = list(patterns)
    return "\n".join(
        [
            "---",
            _yaml_header(params, source_cards, counts_by_source, config),
            "---",
            "",
            f"# {_TITLE}",
            "",
            "Each row is an instance: chunks of dated interaction, which an agent that writes to its memory "
            "reads one by one, and questions to be answered from that memory alone.",
            "",
            "```python",
            "from datasets import load_dataset",
            "",
            f'data = load_dataset("parquet", data_files={json.dumps(patterns)})',
            "```",
            "",
            *_source_lines(params, source_cards, counts_by_source, splits),
            *_question_lines(params.enabled_sources, counts_by_source, splits),
            "## Personal data",
            "",
            *_pii_lines(pii_counts),
            "",
            *changes,
            *_build_lines(params),
            "## Fields",
            "",
            f"Schema version {SCHEMA_VERSION}.",
            "",
            *_field_table("Instance", Instance),
            *_field_table("Chunk", Chunk),
            *_field_table("Segment in a chunk", SegmentSpan),
            *_field_table("Question", Question),
            *_field_table("Span of a text in the raw files", Span),
        ]
    )


def _source_lines(
    params: Params,
    source_cards: Mapping[str, SourceCard],
    counts_by_source: Mapping[str, Any],
    splits: Sequence[Split],
) -> list[str]:
    """Render the section on the sources: a table, and their notes."""
    split_names = " / ".join(splits)
    rows, notes = [], []
    for source in params.enabled_sources:
        card = source_cards[source]
        counts_by_split = [counts_by_source[source].get(split, {}) for split in splits]
        instances = " / ".join(str(counts.get("instances", 0)) for counts in counts_by_split)
        questions = " / ".join(
            str(sum(counts.get("questions_by_origin", {}).values())) for counts in counts_by_split
        )
        title, license = _escape_cell(card.title or source), _escape_cell(card.license)
        rows.append(f"| {source} | {title} | {license} | {instances} | {questions} |")
        if card.note:
            notes.append(f"- **{source}**: {_join_lines(card.note)}")
        if source not in params.dataset.eval_only_sources:
            empty = [split for split in DRAWN_SPLITS if not counts_by_source[source].get(split)]
            notes += [f"- **{source}**: it has no {split} row." for split in empty]
    return [
        "## Sources",
        "",
        f"| source | title | license | instances, {split_names} | questions, {split_names} |",
        "|---|---|---|---|---|",
        *rows,
        "",
        *(["Read these notes before you use them:", "", *notes, ""] if notes else []),
    ]


def _escape_cell(text: str) -> str:
    """Return a text of params.yaml as a cell of a Markdown table."""
    return _join_lines(text).replace("|", r"\|")


def _join_lines(text: str) -> str:
    """Return a text as one line."""
    return " ".join(text.split())


def _question_lines(
    sources: Sequence[str], counts_by_source: Mapping[str, Any], splits: Sequence[Split]
) -> list[str]:
    """Render the section on the questions: a table of their origins."""
    counts_by_split: dict[str, Counter[str]] = {split: Counter() for split in splits}
    for source in sources:
        for split, counts in counts_by_split.items():
            counts.update(counts_by_source[source].get(split, {}).get("questions_by_origin", {}))
    rows = [
        f"| {origin} | {description} | "
        f"{' | '.join(str(counts[origin]) for counts in counts_by_split.values())} |"
        for origin, description in _ORIGIN_DESCRIPTIONS.items()
        if any(counts[origin] for counts in counts_by_split.values())
    ]
    return [
        "## Questions",
        "",
        f"| origin | question | {' | '.join(splits)} |",
        f"|---|---|{'---|' * len(splits)}",
        *rows,
        "",
        "Every question passed the checks that `params.yaml` enables for its source. Cloze and summary "
        "questions are created by rules, without a model. `reviews/` of the project has the verdicts of a "
        "reader on a sample.",
        "",
    ]


def _pii_lines(pii_counts: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Render the findings of personal data, source by source."""
    lines = [
        f"- **{source}**: " + ", ".join(f"{count} of kind {kind}" for kind, count in sorted(kinds.items()))
        for source, kinds in pii_counts.items()
        if kinds
    ]
    if not lines:
        return ["The patterns found no e-mail address, telephone number, card number or key."]
    return [
        "Found by patterns in the sources' texts, and left unchanged (some of it is invented or public):",
        "",
        *lines,
    ]


def _build_lines(params: Params) -> list[str]:
    """Render the section on how the dataset was built."""
    return [
        "## Build",
        "",
        f"Built by `dvc repro` of memcurate with seed {params.seed}; tokens are counted by "
        f"`{params.tokenizer}`. Train shares no document and no segment with another split, and no "
        f"{params.dataset.decontamination_ngram} words in a row. Near-duplicates are left out. At most "
        f"{params.dataset.max_train_per_source} train instances of a source are used, taken from its "
        "documents in turn. Every chunk as rendered is within its token budget. `rejects.parquet` lists the "
        "instances left out in the last stage, with the reasons; the earlier stages write such files too.",
        "",
    ]


def _yaml_header(
    params: Params,
    source_cards: Mapping[str, SourceCard],
    counts_by_source: Mapping[str, Any],
    config: Mapping[str, Any],
) -> str:
    """Render the YAML header that the dataset hub reads."""
    num_instances = sum(
        counts["instances"]
        for source in params.enabled_sources
        for counts in counts_by_source[source].values()
    )
    size = _size_category(num_instances)
    licenses = sorted({source_cards[source].license for source in params.enabled_sources})
    header = {
        "pretty_name": _TITLE,
        "language": sorted({params.sources[source].language for source in params.enabled_sources}),
        "license": "other",
        "license_name": "mixed",
        "license_details": ", ".join(licenses),
        "task_categories": ["question-answering"],
        "tags": ["agents", "long-term-memory", "memory-agent", "reinforcement-learning"],
        "size_categories": [size],
        "configs": [config],
    }
    return yaml.safe_dump(header, sort_keys=False, allow_unicode=True).rstrip()


def _size_category(num_instances: int) -> str:
    """Return the hub's name for a number of rows."""
    if num_instances < 1000:
        return "n<1K"
    bounds = ["1K", "10K", "100K", "1M", "10M", "100M", "1B"]
    index = min(len(str(num_instances)) - 4, len(bounds) - 2)
    return f"{bounds[index]}<n<{bounds[index + 1]}"


def _field_table(title: str, row_type: type) -> list[str]:
    """Render the documented fields of a row type as a table."""
    lines = [f"### {title}", "", "| field | description |", "|---|---|"]
    for name, hint in get_type_hints(row_type, include_extras=True).items():
        lines.append(f"| {name} | {get_args(hint)[1]} |")
    return [*lines, ""]
