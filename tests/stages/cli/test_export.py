"""`memcurate export`: Mem-alpha's files, JSONL, and rows that TRL trains on."""

import json
import math
from pathlib import Path

import pytest
from datasets import load_dataset
from transformers import PreTrainedTokenizerBase
from trl import SFTConfig, SFTTrainer
from trl.data_utils import is_conversational

from pipeline.core.schema import Instance
from pipeline.core.storage import read_rows, write_rows
from stages.shared.paths import BASE_MODEL_DIR, DATASET_DIR
from tests.stages.cli.factories import run_memcurate
from tests.stages.conftest import Make, Project
from tests.training.rl.factories import write_small_model
from tests.training.tokenizer_factories import make_byte_level_tokenizer, make_gluing_tokenizer


def test_mem_alpha_round_trips(dataset_project: Project) -> None:
    """The same dataset gives the same bytes, and the import gives the ids and tokens back."""
    for folder in ("out", "again"):
        done = run_memcurate(dataset_project, "export", folder, "--format", "mem-alpha")
        assert done.returncode == 0, done.stderr
    out, again = dataset_project.folder / "out", dataset_project.folder / "again"
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "test.parquet", "train.parquet"]
    for path in out.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes()
    done = run_memcurate(dataset_project, "import", "out/train.parquet", "out/test.parquet", "--out", "back")
    assert done.returncode == 0, done.stderr
    for split in ("train", "test"):
        ours = list(read_rows(dataset_project.folder / DATASET_DIR / f"{split}.parquet", Instance))
        back = list(read_rows(dataset_project.folder / "back" / f"{split}.parquet", Instance))
        assert [one.id for one in back] == [one.id for one in ours]
        assert [one.tokens for one in back] == [one.tokens for one in ours]
    published = load_dataset("parquet", data_files=str(out / "train.parquet"), split="train")
    assert json.loads(published[0]["chunks"])[0].startswith("[Dialogue between User and Assistant")


def test_rows_are_named_as_the_user_says(dataset_project: Project) -> None:
    """A name of the code, one of the user's own, and wrong ones."""

    def export_as(*names: str) -> tuple[str, set[str]]:
        options = [option for name in names for option in ("--as", name)]
        done = run_memcurate(dataset_project, "export", "out", "--format", "mem-alpha", *options)
        assert done.returncode == 0, done.stderr
        rows = load_dataset(str(dataset_project.folder / "out"), split="train")
        return done.stdout, set(rows["data_source"])

    assert export_as()[1] == {"squad"}
    assert export_as("hotpotqa")[1] == {"hotpotqa"}
    printed, names = export_as("hotpotqa", "squad_dev=booksum")
    assert names == {"booksum"} and "metric" not in printed  # a contained answer is a single keyword
    printed, names = export_as("icl_nlu_8296shot_balance")
    assert names == {"icl_nlu_8296shot_balance"} and "that its code scores by another metric" in printed
    printed, names = export_as("squad_dev=my-own")
    assert names == {"my-own"} and "squad_dev as my-own" in printed and "prompts_wrt_datasource" in printed
    for options in (("--as", "other=squad"), ("--as", "squad", "--as", "hotpotqa")):
        done = run_memcurate(dataset_project, "export", "out", "--format", "mem-alpha", *options)
        assert done.returncode == 1 and "Traceback" not in done.stderr and options[-1] in done.stderr
    done = run_memcurate(dataset_project, "export", "out", "--format", "trl", "--as", "squad")
    assert done.returncode == 1 and "leave it out" in done.stderr


def test_a_source_without_a_name_is_an_error_before_anything_is_written(dataset_project: Project) -> None:
    """Bar: a user's source with labels and other questions is exported under a name that the user gives."""
    path = dataset_project.folder / DATASET_DIR / "train.parquet"
    rows = list(read_rows(path, Instance))
    for row in rows:
        row.source = "my_own"
        row.questions[0].metric, row.questions[0].origin = "exact", "label"
    write_rows(path, Instance, rows)
    done = run_memcurate(dataset_project, "export", "out", "--format", "mem-alpha")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "my_own: " in done.stderr and "--as my_own=NAME" in done.stderr and "lme_train" in done.stderr
    assert not list((dataset_project.folder / "out").iterdir())
    done = run_memcurate(
        dataset_project, "export", "out", "--format", "mem-alpha", "--as", "my_own=lme_train"
    )
    assert done.returncode == 0, done.stderr
    loaded = load_dataset(str(dataset_project.folder / "out"))
    assert set(loaded["train"]["data_source"]) == {"lme_train"} and len(loaded["train"]) == len(rows)
    assert set(loaded["test"]["data_source"]) == {"squad"}


@pytest.mark.parametrize("form", ["mem-alpha", "jsonl", "trl"])
def test_every_folder_loads_with_all_its_splits(dataset_project: Project, form: str) -> None:
    """Bar: `datasets` by itself takes evaluation for another word for test, and puts both together."""
    dataset = dataset_project.folder / DATASET_DIR
    rows = list(read_rows(dataset / "test.parquet", Instance))
    for row in rows:
        row.split = "evaluation"
    write_rows(dataset / "evaluation.parquet", Instance, rows)
    done = run_memcurate(dataset_project, "export", "out", "--format", form)
    assert done.returncode == 0, done.stderr
    out = dataset_project.folder / "out"
    folders = [out, out / "messages", out / "text"] if form == "trl" else [out]
    for folder in folders:
        loaded = load_dataset(str(folder))
        assert set(loaded) == {"train", "test", "evaluation"}
        assert len(loaded["test"]) == len(loaded["evaluation"]) >= len(rows)
    if form == "mem-alpha":
        files = [f"out/{split}.parquet" for split in loaded]
        assert run_memcurate(dataset_project, "import", *files, "--out", "back").returncode == 0
        back = load_dataset(str(dataset_project.folder / "back"))
        assert {name: one["id"] for name, one in back.items()} == {
            name: [row.id for row in read_rows(dataset / f"{name}.parquet", Instance)] for name in loaded
        }


@pytest.fixture
def base_model(dataset_project: Project) -> PreTrainedTokenizerBase:
    """A small model in the place of the base model."""
    tokenizer = make_byte_level_tokenizer(added=())
    folder = dataset_project.folder / BASE_MODEL_DIR
    ends = tokenizer.pad_token_id, tokenizer.eos_token_id
    write_small_model(folder, len(tokenizer), 8192, *ends)
    tokenizer.save_pretrained(folder)
    return tokenizer


def test_trl_trains_on_both_formats(
    dataset_project: Project,
    base_model: PreTrainedTokenizerBase,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The folder loads by its configurations, `max_length` is what SFTTrainer makes of the rows, prompts
    are not glued to their completions, and a model trains.
    """
    done = run_memcurate(dataset_project, "export", "out", "--format", "trl")
    assert done.returncode == 0, done.stderr
    out = dataset_project.folder / "out"
    chunks = [
        chunk.text
        for one in read_rows(dataset_project.folder / DATASET_DIR / "train.parquet", Instance)
        for chunk in one.chunks
    ]
    plain, chats = (load_dataset(str(out), name, split="train") for name in ("text", "messages"))
    assert load_dataset(str(out), split="train").features == chats.features
    assert len(plain) == len(chats) == len(chunks)
    for text, chat, chunk in zip(plain, chats, chunks, strict=True):
        assert not is_conversational(text) and is_conversational(chat)
        assert chunk in text["prompt"] and chunk in chat["prompt"][-1]["content"]
        assert [one["role"] for one in chat["prompt"]] == ["system", "user"]
        assert chat["completion"] == [{"role": "assistant", "content": text["completion"]}]
        assert "new_memory_insert" in text["completion"]
    readme = (out / "README.md").read_text(encoding="utf-8")
    for form in ("messages", "text"):
        args = SFTConfig(
            output_dir=str(tmp_path / form),
            max_length=None,
            max_steps=1,
            per_device_train_batch_size=1,
            report_to="none",
            save_strategy="no",
            use_cpu=True,
            bf16=False,
        )
        trainer = SFTTrainer(
            model=str(dataset_project.folder / BASE_MODEL_DIR),
            args=args,
            train_dataset=load_dataset(str(out), form, split="train"),
            processing_class=base_model,
        )
        rows = trainer.train_dataset
        sizes = sorted(map(len, rows["input_ids"]))
        note = f"SFTConfig(max_length={sizes[-1]}) holds every row of `{form}`, by the tokenizer of"
        assert note in done.stdout and note in readme
        assert note in (out / form / "README.md").read_text(encoding="utf-8")
        percentile = sizes[math.ceil(len(sizes) * 0.99) - 1]
        assert f"| {form} | train | {len(sizes)} | {percentile} | {sizes[-1]} |" in readme
        assert f"{len(sizes)} rows, 99 % of them of at most {percentile} tokens" in done.stdout
        for row, text in zip(rows, plain, strict=True):
            trained = [token for token in row["labels"] if token != -100]
            # From the first character of the completion to the end of the turn, and nothing before.
            ended = base_model.decode(trained).removesuffix("\n")
            assert ended == text["completion"] + str(base_model.eos_token)
        assert trainer.train().training_loss > 0
    assert "do not begin those of the row" not in done.stdout
    assert not [one for one in caplog.records if "not a prefix" in one.getMessage()]


def test_trl_counts_glued_prompts(dataset_project: Project) -> None:
    """Bar: the base model's tokenizer cuts nowhere, and has a token across the end of the prompt."""
    make_gluing_tokenizer("Tool calls:\n<tool_call>").save_pretrained(dataset_project.folder / BASE_MODEL_DIR)
    done = run_memcurate(dataset_project, "export", "out", "--format", "trl")
    assert done.returncode == 0, done.stderr
    num_rows = sum(one.num_rows for one in load_dataset(str(dataset_project.folder / "out")).values())
    note = f"In {num_rows} rows of `text`, the tokens of the prompt do not begin those of the row"
    assert note in done.stdout
    assert note in (dataset_project.folder / "out" / "README.md").read_text(encoding="utf-8")


def test_trl_counts_by_the_declared_tokenizer_without_a_model(dataset_project: Project) -> None:
    """The declared tokenizer counts, and the same dataset gives the same bytes."""
    for name in ("out", "again"):
        done = run_memcurate(dataset_project, "export", name, "--format", "trl")
        assert done.returncode == 0, done.stderr
        assert "by o200k_base, without the tokens of a chat template" in done.stdout
    files = [path for path in (dataset_project.folder / "out").rglob("*") if path.is_file()]
    assert len(files) == 7
    for path in files:
        again = dataset_project.folder / "again" / path.relative_to(dataset_project.folder / "out")
        assert path.read_bytes() == again.read_bytes()


def test_jsonl_loads_as_the_dataset(dataset_project: Project) -> None:
    """A row a line, and `load_dataset` gives what it gives of the dataset itself, but for seconds."""
    done = run_memcurate(dataset_project, "export", "out", "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    lines = (dataset_project.folder / "out" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    ours = list(read_rows(dataset_project.folder / DATASET_DIR / "train.parquet", Instance))
    assert [json.loads(line)["id"] for line in lines] == [one.id for one in ours]
    assert json.loads(lines[0])["chunks"][0]["segments"][0]["source_span"]["file"] == "squad.json"
    loaded = load_dataset(str(dataset_project.folder / "out"))
    assert set(loaded) == {"train", "test"}
    parquet = str(dataset_project.folder / DATASET_DIR / "train.parquet")
    rows = load_dataset("parquet", data_files=parquet, split="train").to_list()
    expected = [
        {**row, "chunks": [{**one, "time": f"{one['time']}:00"} for one in row["chunks"]]} for row in rows
    ]
    assert loaded["train"].to_list() == expected
    assert "2024-01-01 00:00:00" in (dataset_project.folder / "out" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["mem-alpha", "jsonl", "trl"])
def test_an_empty_split_is_left_out(dataset_project: Project, form: str) -> None:
    """`datasets` loads no empty split: it is not named, and the others load."""
    write_rows(dataset_project.folder / DATASET_DIR / "test.parquet", Instance, [])
    done = run_memcurate(dataset_project, "export", "out", "--format", form)
    assert done.returncode == 0 and "0 rows" in done.stdout
    assert set(load_dataset(str(dataset_project.folder / "out"))) == {"train"}


@pytest.mark.parametrize("form", ["mem-alpha", "jsonl", "trl"])
def test_a_foreign_readme_is_kept(dataset_project: Project, form: str) -> None:
    readme = dataset_project.folder / "README.md"
    readme.write_text("# Mine\n", encoding="utf-8")
    done = run_memcurate(dataset_project, "export", ".", "--format", form)
    assert done.returncode == 1 and "name an empty folder" in done.stderr
    assert readme.read_text(encoding="utf-8") == "# Mine\n" and not list(
        dataset_project.folder.glob("train.*")
    )


def test_a_missing_dataset_is_an_error(make: Make, tmp_path: Path) -> None:
    bare = make({})
    done = run_memcurate(bare, "export", "out", "--format", "jsonl")
    assert done.returncode == 1
    assert "dvc repro assemble" in done.stderr and "Traceback" not in done.stderr
