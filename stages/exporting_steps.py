"""memcurate export --format trl: the scripted writer's steps in a folder that TRL's SFTTrainer trains on."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
from tqdm import tqdm

from pipeline.errors import MemcurateError
from pipeline.folders import whole_file
from pipeline.interchange.loading import Configuration, check_readme, json_line, write_readme
from pipeline.params import Params
from pipeline.schema import Split
from pipeline.storage import read_rows
from pipeline.text.tokens import Tokenizer
from stages.running import ASSETS, BASE_MODEL
from training.params import AgentParams, agent_params
from training.schema import InstanceToPlay

if TYPE_CHECKING:
    from training.row_lengths import RowLengths
    from training.sft import Step


class _Form(NamedTuple):
    """One of the two shapes of rows, in a folder of its name."""

    name: str
    schema: pa.Schema
    row: "Callable[[Step], Any]"
    tokens: "Callable[[Step], int]"


@dataclass
class _Written:
    """What was written of a split."""

    rows: int = 0
    without_calls: int = 0
    holding_control: int = 0
    longest: dict[str, int] = field(default_factory=dict)  # tokens of the longest row, by form


def export_steps(folder: Path, files: Mapping[Split, Path], params: Params) -> None:
    """Write the steps on every split, as messages and as texts, with a README.md that loads them."""
    from training.sft import MESSAGES, TEXTS, messages, texts  # loads spaCy, which other commands do not need

    check_readme(folder)
    tokenizer = Tokenizer(params.tokenizer, ASSETS)
    lengths = _lengths(tokenizer, params.tokenizer)
    forms = [
        _Form("messages", MESSAGES, messages, lengths.messages),
        _Form("text", TEXTS, texts, lengths.text),
    ]
    agent = agent_params(params)
    written = {
        split: _write(path, split, folder, forms, agent, tokenizer, lengths) for split, path in files.items()
    }
    filled = [split for split in files if written[split].rows]
    configurations = [
        Configuration(form.name, form.schema, {split: f"{form.name}/{split}.jsonl" for split in filled})
        for form in forms
    ]
    write_readme(folder, configurations, _about(written, lengths.by))
    for split, of_split in written.items():
        for form in forms:
            print(
                f"{folder / form.name / f'{split}.jsonl'}: {of_split.rows} rows, the longest of "
                f"{of_split.longest.get(form.name, 0)} tokens"
            )
    for line in _told(written, lengths.by):
        print(line)


def _write(
    dataset: Path,
    split: Split,
    folder: Path,
    forms: list[_Form],
    agent: AgentParams,
    tokenizer: Tokenizer,
    lengths: "RowLengths",
) -> _Written:
    from training.sft import steps

    written = _Written()
    played = tqdm(read_rows(dataset, InstanceToPlay), desc=dataset.stem, disable=None, leave=False)
    with ExitStack() as stack:
        opened = []
        for form in forms:
            (folder / form.name).mkdir(exist_ok=True)
            aside = stack.enter_context(whole_file(folder / form.name / f"{split}.jsonl"))
            opened.append(stack.enter_context(aside.open("w", encoding="utf-8")))
        for step in steps(played, agent.memory, agent.step, tokenizer.count, ASSETS):
            if not step.completion:
                written.without_calls += 1
                continue
            written.rows += 1
            written.holding_control += lengths.holds_control(step)
            for form, file in zip(forms, opened, strict=True):
                file.write(json_line(form.row(step)))
                written.longest[form.name] = max(form.tokens(step), written.longest.get(form.name, 0))
    return written


def _lengths(tokenizer: Tokenizer, name: str) -> "RowLengths":
    """By the tokenizer of the base model where it was built, else by the declared one."""
    from training.row_lengths import DeclaredLengths, ModelLengths

    if not BASE_MODEL.is_dir():
        return DeclaredLengths(tokenizer, name)
    try:
        return ModelLengths(BASE_MODEL)
    except ImportError:  # transformers comes with the extra `train`
        return DeclaredLengths(tokenizer, name)
    except (OSError, ValueError, KeyError) as error:
        raise MemcurateError(
            f"{BASE_MODEL}: its tokenizer cannot be loaded ({str(error).splitlines()[0]}): run "
            "`dvc repro base_model`, or remove the folder"
        ) from error


def _told(written: Mapping[Split, _Written], by: str) -> list[str]:
    """What to know before training on the rows."""
    longest = max((tokens for one in written.values() for tokens in one.longest.values()), default=0)
    told = [
        f"SFTConfig(max_length={longest}) holds every row, by {by}. SFTTrainer cuts longer rows at their "
        "end, where the completion stands; its default is 1024."
    ]
    without_calls = sum(one.without_calls for one in written.values())
    if without_calls:
        told.append(
            f"{without_calls} steps are left out: the writer stores nothing there, and the tool-format "
            "reward counts a reply without calls as 0."
        )
    control = sum(one.holding_control for one in written.values())
    if control:
        told.append(
            f"{control} rows hold the characters of a control token such as the one that ends a turn, which "
            "SFTTrainer reads as that token: leave them out, or use the warm start, which reads them as text."
        )
    return told


def _about(written: Mapping[Split, _Written], by: str) -> list[str]:
    """The README.md below its header."""
    rows = [
        f"| {name} | {split} | {one.rows} | {one.longest.get(name, 0)} |"
        for name in ("messages", "text")
        for split, one in written.items()
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
        *(f"- {sentence}" for sentence in _told(written, by)),
    ]
