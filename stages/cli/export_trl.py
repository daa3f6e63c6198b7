"""memcurate export --format trl: the scripted policy's steps as rows for TRL's SFTTrainer."""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
from tqdm import tqdm

from pipeline.core.atomic import atomic_file
from pipeline.core.errors import MemcurateError
from pipeline.core.params import AgentParams, Params
from pipeline.core.schema import Split
from pipeline.core.storage import read_parts
from pipeline.publish.hub_folder import DatasetConfig, check_readme, dump_json_line, write_readme
from pipeline.text.tokens import Tokenizer
from stages.shared.paths import ASSETS_DIR, BASE_MODEL_DIR
from training.memory.schema import EpisodeInput

if TYPE_CHECKING:
    from training.rl.sft_row_lengths import RowLength, RowLengths
    from training.rl.sft_rows import SftRow

_FORMAT_NAMES = ("messages", "text")


class _RowFormat(NamedTuple):
    """One of the two formats of rows, written into a folder of its name."""

    name: str
    schema: pa.Schema
    format_row: "Callable[[SftRow], Any]"
    measure: "Callable[[SftRow], RowLength]"


@dataclass
class _FormatStats:
    """Lengths of the rows of a split in one format."""

    num_tokens: list[int] = field(default_factory=list)  # of each row
    num_glued: int = 0  # rows whose prompt's tokens do not begin the row's

    def longest(self) -> int:
        """Return the tokens of the longest row, 0 without rows."""
        return max(self.num_tokens, default=0)

    def percentile_99(self) -> int:
        """Return the smallest number of tokens that 99 % of the rows do not exceed, 0 without rows."""
        ordered = sorted(self.num_tokens)
        return ordered[math.ceil(len(ordered) * 0.99) - 1] if ordered else 0


@dataclass
class _SplitStats:
    """Counts of the rows of a split."""

    rows: int = 0
    num_without_calls: int = 0
    num_with_control_tokens: int = 0
    formats: dict[str, _FormatStats] = field(default_factory=lambda: defaultdict(_FormatStats))


def export_steps(folder: Path, files: Mapping[Split, Sequence[Path]], params: Params) -> None:
    """Write the scripted policy's steps on every split, as messages and as texts, with a README.md.

    `folder/messages` and `folder/text` hold a JSONL file per split and a README.md each, so that
    `datasets.load_dataset` loads them as folders; the README.md of `folder` declares both as configurations.
    Steps without tool calls are skipped and counted.
    """
    # Imported here: it loads spaCy, which other commands do not need.
    from training.rl.sft_rows import (
        MESSAGES_SCHEMA,
        TEXT_SCHEMA,
        format_as_messages,
        format_as_text,
    )

    for path in (folder, *(folder / name for name in _FORMAT_NAMES)):
        check_readme(path)
    tokenizer = Tokenizer(params.tokenizer, ASSETS_DIR)
    lengths = _choose_row_lengths(tokenizer, params.tokenizer)
    formats = [
        _RowFormat("messages", MESSAGES_SCHEMA, format_as_messages, lengths.measure_messages),
        _RowFormat("text", TEXT_SCHEMA, format_as_text, lengths.measure_text),
    ]
    stats = {
        split: _write_split(paths, split, folder, formats, params, tokenizer, lengths)
        for split, paths in files.items()
    }
    _write_readmes(folder, formats, stats, lengths.tokenizer_name)
    for split, split_stats in stats.items():
        for one in formats:
            of_format = split_stats.formats[one.name]
            print(
                f"{folder / one.name / f'{split}.jsonl'}: {split_stats.rows} rows, 99 % of them of at most "
                f"{of_format.percentile_99()} tokens, the longest of {of_format.longest()}"
            )
    for line in _training_notes(stats, lengths.tokenizer_name, _FORMAT_NAMES):
        print(line)


def _write_readmes(
    folder: Path, formats: Sequence[_RowFormat], stats: Mapping[Split, _SplitStats], tokenizer_name: str
) -> None:
    """Write the README.md of the folder and of each format's folder; splits without rows are not named."""
    nonempty = [split for split, one in stats.items() if one.rows]
    configs = []
    for one in formats:
        names = {split: f"{split}.jsonl" for split in nonempty}
        lines = _readme_lines(stats, tokenizer_name, [one.name])
        write_readme(folder / one.name, [DatasetConfig("default", one.schema, names)], lines)
        paths = {split: f"{one.name}/{name}" for split, name in names.items()}
        configs.append(DatasetConfig(one.name, one.schema, paths))
    write_readme(folder, configs, _readme_lines(stats, tokenizer_name, _FORMAT_NAMES))


def _write_split(
    paths: Sequence[Path],
    split: Split,
    folder: Path,
    formats: list[_RowFormat],
    agent: AgentParams,
    tokenizer: Tokenizer,
    lengths: "RowLengths",
) -> _SplitStats:
    from training.rl.sft_rows import generate_sft_rows

    stats = _SplitStats()
    instances = tqdm(read_parts(paths, EpisodeInput), desc=split, disable=None, leave=False)
    with ExitStack() as stack:
        files = []
        for one in formats:
            (folder / one.name).mkdir(exist_ok=True)
            aside = stack.enter_context(atomic_file(folder / one.name / f"{split}.jsonl"))
            files.append(stack.enter_context(aside.open("w", encoding="utf-8")))
        for row in generate_sft_rows(instances, agent.memory, agent.generation, tokenizer.count, ASSETS_DIR):
            if not row.completion:
                stats.num_without_calls += 1
                continue
            stats.rows += 1
            stats.num_with_control_tokens += lengths.has_control_tokens(row)
            for one, file in zip(formats, files, strict=True):
                file.write(dump_json_line(one.format_row(row)))
                length = one.measure(row)
                stats.formats[one.name].num_tokens.append(length.num_tokens)
                stats.formats[one.name].num_glued += not length.keeps_prompt
    return stats


def _choose_row_lengths(tokenizer: Tokenizer, name: str) -> "RowLengths":
    """Return lengths by the tokenizer of models/base where that was built, else by the tokenizer `name`."""
    from training.rl.sft_row_lengths import DeclaredRowLengths, ModelRowLengths

    if not BASE_MODEL_DIR.is_dir():
        return DeclaredRowLengths(tokenizer, name)
    try:
        return ModelRowLengths(BASE_MODEL_DIR)
    except ImportError:  # transformers comes with the extra `train`
        return DeclaredRowLengths(tokenizer, name)
    except (OSError, ValueError, KeyError) as error:
        raise MemcurateError(
            f"{BASE_MODEL_DIR}: its tokenizer cannot be loaded ({str(error).splitlines()[0]}): run "
            "`dvc repro base_model`, or remove the folder"
        ) from error


def _training_notes(
    stats: Mapping[Split, _SplitStats], tokenizer_name: str, names: Sequence[str]
) -> list[str]:
    """Return sentences for users of the rows of the named formats.

    They tell the `max_length` that the rows need, the rows whose prompt is glued to the completion, the
    skipped steps, and the rows with control tokens.
    """
    notes = []
    for name in names:
        longest = max((one.formats[name].longest() for one in stats.values()), default=0)
        notes.append(f"SFTConfig(max_length={longest}) holds every row of `{name}`, by {tokenizer_name}.")
    notes.append(
        "SFTTrainer cuts longer rows at their end, where the completion stands; its default is 1024."
    )
    for name in names:
        glued = sum(one.formats[name].num_glued for one in stats.values())
        if glued:
            notes.append(
                f"In {glued} rows of `{name}`, the tokens of the prompt do not begin those of the row, by "
                f"{tokenizer_name}: SFTTrainer leaves out the end of those prompts. Use a format without "
                "such rows, or the warm start, which tokenizes prompt and completion apart."
            )
    without_calls = sum(one.num_without_calls for one in stats.values())
    if without_calls:
        notes.append(
            f"{without_calls} steps are left out: the writer stores nothing there, and the tool-format "
            "reward counts a reply without calls as 0."
        )
    control = sum(one.num_with_control_tokens for one in stats.values())
    if control:
        notes.append(
            f"{control} rows hold the characters of a control token such as the one that ends a turn, which "
            "SFTTrainer reads as that token: leave them out, or use the warm start, which reads them as text."
        )
    return notes


def _readme_lines(stats: Mapping[Split, _SplitStats], tokenizer_name: str, names: Sequence[str]) -> list[str]:
    """Return the lines of a README.md below its header, for the named formats."""
    rows = [
        f"| {name} | {split} | {one.rows} | {one.formats[name].percentile_99()} | "
        f"{one.formats[name].longest()} |"
        for name in names
        for split, one in stats.items()
    ]
    configuration = f', "{names[0]}"' if len(names) > 1 else ""
    return [
        "# Steps of memcurate's scripted writer, to fine-tune on with TRL",
        "",
        "Each row is a step: the prompt holds instructions, memory and one chunk, the completion the tool "
        "calls that write to the memory. `messages` has both as messages of a conversation, `text` as texts.",
        "",
        "```python",
        "from datasets import load_dataset",
        "",
        f'data = load_dataset("path/of/this/folder"{configuration})',
        "```",
        "",
        "| format | split | rows | tokens of 99 % of the rows, at most | tokens of the longest |",
        "|---|---|---|---|---|",
        *rows,
        "",
        *(f"- {sentence}" for sentence in _training_notes(stats, tokenizer_name, names)),
    ]
