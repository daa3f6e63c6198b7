"""memcurate export --format trl: the scripted policy's steps as rows for TRL's SFTTrainer."""

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
    from training.rl.sft_row_lengths import RowLengths
    from training.rl.sft_rows import SftRow


class _RowFormat(NamedTuple):
    """One of the two formats of rows, written into a folder of its name."""

    name: str
    schema: pa.Schema
    format_row: "Callable[[SftRow], Any]"
    count_tokens: "Callable[[SftRow], int]"


@dataclass
class _SplitStats:
    """Counts of the rows of a split."""

    rows: int = 0
    num_without_calls: int = 0
    num_with_control_tokens: int = 0
    max_tokens: dict[str, int] = field(default_factory=dict)  # tokens of the longest row, by format


def export_steps(folder: Path, files: Mapping[Split, Sequence[Path]], params: Params) -> None:
    """Write the scripted policy's steps on every split, as messages and as texts, with a README.md.

    `folder/messages` and `folder/text` hold a JSONL file per split. The README.md declares both as
    configurations, so that `datasets.load_dataset(folder, NAME)` loads them. Steps without tool calls are
    skipped and counted.
    """
    # Imported here: it loads spaCy, which other commands do not need.
    from training.rl.sft_rows import (
        MESSAGES_SCHEMA,
        TEXT_SCHEMA,
        format_as_messages,
        format_as_text,
    )

    check_readme(folder)
    tokenizer = Tokenizer(params.tokenizer, ASSETS_DIR)
    lengths = _choose_row_lengths(tokenizer, params.tokenizer)
    formats = [
        _RowFormat("messages", MESSAGES_SCHEMA, format_as_messages, lengths.count_messages),
        _RowFormat("text", TEXT_SCHEMA, format_as_text, lengths.count_text),
    ]
    stats = {
        split: _write_split(paths, split, folder, formats, params, tokenizer, lengths)
        for split, paths in files.items()
    }
    nonempty = [split for split in files if stats[split].rows]
    configs = [
        DatasetConfig(one.name, one.schema, {split: f"{one.name}/{split}.jsonl" for split in nonempty})
        for one in formats
    ]
    write_readme(folder, configs, _readme_lines(stats, lengths.tokenizer_name))
    for split, split_stats in stats.items():
        for one in formats:
            print(
                f"{folder / one.name / f'{split}.jsonl'}: {split_stats.rows} rows, the longest of "
                f"{split_stats.max_tokens.get(one.name, 0)} tokens"
            )
    for line in _training_notes(stats, lengths.tokenizer_name):
        print(line)


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
                stats.max_tokens[one.name] = max(one.count_tokens(row), stats.max_tokens.get(one.name, 0))
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


def _training_notes(stats: Mapping[Split, _SplitStats], tokenizer_name: str) -> list[str]:
    """Return sentences on row lengths, skipped steps and control tokens, for users of the rows."""
    longest = max((tokens for one in stats.values() for tokens in one.max_tokens.values()), default=0)
    notes = [
        f"SFTConfig(max_length={longest}) holds every row, by {tokenizer_name}. SFTTrainer cuts longer rows "
        "at their end, where the completion stands; its default is 1024."
    ]
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


def _readme_lines(stats: Mapping[Split, _SplitStats], tokenizer_name: str) -> list[str]:
    """Return the lines of README.md below its header."""
    rows = [
        f"| {name} | {split} | {one.rows} | {one.max_tokens.get(name, 0)} |"
        for name in ("messages", "text")
        for split, one in stats.items()
    ]
    return [
        "# Steps of memcurate's scripted writer, to fine-tune on with TRL",
        "",
        "Each row is a step: the prompt holds instructions, memory and one chunk, the completion the tool "
        "calls that write to the memory. `messages` has both as messages of a conversation, `text` as texts.",
        "",
        "```python",
        "from datasets import load_dataset",
        "",
        'data = load_dataset("path/of/this/folder", "messages")',
        "```",
        "",
        "| configuration | split | rows | tokens of the longest |",
        "|---|---|---|---|",
        *rows,
        "",
        *(f"- {sentence}" for sentence in _training_notes(stats, tokenizer_name)),
    ]
