"""export, import and push as commands, on a small dataset; the hub is a server here that keeps what comes."""

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from transformers import PreTrainedTokenizerBase
from trl import SFTConfig, SFTTrainer
from trl.data_utils import is_conversational

from pipeline.chunking import Context
from pipeline.road import travel
from pipeline.schema import Instance, Reject
from pipeline.sources import parse
from pipeline.storage import read_rows, write_rows
from stages.running import BASE_MODEL, DATASET
from tests.conftest import ROOT
from tests.sources.test_golden import SPLIT, raw_of, recipe_of
from tests.stages.conftest import Make, Project
from tests.training.grpo_tiny import small_model
from tests.training.made_tokenizers import byte_level


@pytest.fixture
def project(make: Make, context: Context) -> Project:
    """A project with a dataset of SQuAD's golden file, on both sides."""
    made = make({})
    folder = made.folder / DATASET
    folder.mkdir(parents=True)
    own = replace(context, source="squad_dev", split=SPLIT)
    instances, _ = travel(parse("squad_dev", raw_of("squad_dev")), recipe_of("squad_dev"), own)
    for side in ("train", "test"):
        rows = [one for one in instances if one.split == side]
        assert rows
        write_rows(folder / f"{side}.parquet", Instance, rows)
    write_rows(folder / "rejects.parquet", Reject, [])
    (folder / "README.md").write_text("---\npretty_name: made\n---\n", encoding="utf-8")
    return made


def memcurate(project: Project, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from stages.cli import run; run()", *arguments],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_mem_alpha_there_and_back(project: Project) -> None:
    """Bar: round trips, byte-stable; datasets loads it."""
    for folder in ("out", "again"):
        done = memcurate(project, "export", folder, "--format", "mem-alpha")
        assert done.returncode == 0, done.stderr
    out, again = project.folder / "out", project.folder / "again"
    assert sorted(path.name for path in out.iterdir()) == ["test.parquet", "train.parquet"]
    for path in out.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes()
    done = memcurate(project, "import", "out/train.parquet", "out/test.parquet", "--to", "back")
    assert done.returncode == 0, done.stderr
    for side in ("train", "test"):
        ours = list(read_rows(project.folder / DATASET / f"{side}.parquet", Instance))
        back = list(read_rows(project.folder / "back" / f"{side}.parquet", Instance))
        assert [one.id for one in back] == [one.id for one in ours]
        assert [one.tokens for one in back] == [one.tokens for one in ours]
    published = load_dataset("parquet", data_files=str(out / "train.parquet"), split="train")
    assert json.loads(published[0]["chunks"])[0].startswith("[Dialogue between User and Assistant")


def test_import_tells_what_it_rejects(project: Project) -> None:
    """Bar: the good rows come through, the others are counted and told by place; no traceback."""
    good = {
        "chunks": ["Ann has a kite.", "Bob has none."],
        "questions_and_answers": [{"question": "What has Ann?", "answer": "a kite"}],
        "data_source": "squad",
        "metadata": None,
    }
    rows = [good, {**good, "chunks": None}, {**good, "chunks": ["a", ""]}, good]
    pq.write_table(pa.Table.from_pylist(rows), project.folder / "train.parquet")
    done = memcurate(project, "import", "train.parquet", "--to", "back")
    assert done.returncode == 0 and "Traceback" not in done.stderr
    assert "2 instances of train.parquet, 2 rejected" in done.stdout
    assert "rejected train.parquet/1: malformed record, chunks: " in done.stdout
    assert "rejected train.parquet/2: malformed record, chunks/1: it is blank" in done.stdout
    found = list(read_rows(project.folder / "back" / "train.parquet", Instance))
    assert [one.chunks[0].text for one in found] == ["Ann has a kite."] * 2
    rejects = list(read_rows(project.folder / "back" / "rejects.parquet", Reject))
    assert {one.raw.record for one in rejects if one.raw} == {"/1", "/2"}


@pytest.fixture
def base_model(project: Project) -> PreTrainedTokenizerBase:
    """A small model in the place of the base model."""
    tokenizer = byte_level(added=())
    folder = project.folder / BASE_MODEL
    ends = tokenizer.pad_token_id, tokenizer.eos_token_id
    small_model(folder, len(tokenizer), 8192, *ends)
    tokenizer.save_pretrained(folder)
    return tokenizer


def test_trl_trains_on_both_shapes(
    project: Project, base_model: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    """Bar: the folder loads by its configurations, `max_length` is what SFTTrainer makes of the rows, prompts
    are not glued to their completions, and a model trains.
    """
    done = memcurate(project, "export", "out", "--format", "trl")
    assert done.returncode == 0, done.stderr
    out = project.folder / "out"
    chunks = [
        chunk.text
        for one in read_rows(project.folder / DATASET / "train.parquet", Instance)
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
    longest = 0
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
            model=str(project.folder / BASE_MODEL),
            args=args,
            train_dataset=load_dataset(str(out), form, split="train"),
            processing_class=base_model,
        )
        rows = trainer.train_dataset
        longest = max(longest, *map(len, rows["input_ids"]))
        for row, text in zip(rows, plain, strict=True):
            learnt = [token for token in row["labels"] if token != -100]
            # From the first character of the completion to the end of the turn, and nothing before.
            ended = base_model.decode(learnt).removesuffix("\n")
            assert ended == text["completion"] + str(base_model.eos_token)
        assert trainer.train().training_loss > 0
    said = f"SFTConfig(max_length={longest}) holds every row, by the tokenizer of {BASE_MODEL}"
    assert said in done.stdout and said in (out / "README.md").read_text(encoding="utf-8")


def test_trl_without_a_model(project: Project) -> None:
    """The declared tokenizer counts, and the same dataset gives the same bytes."""
    for name in ("out", "again"):
        done = memcurate(project, "export", name, "--format", "trl")
        assert done.returncode == 0, done.stderr
        assert "by o200k_base, without what a chat template adds" in done.stdout
    files = [path for path in (project.folder / "out").rglob("*") if path.is_file()]
    assert len(files) == 5
    for path in files:
        again = project.folder / "again" / path.relative_to(project.folder / "out")
        assert path.read_bytes() == again.read_bytes()


def test_jsonl(project: Project) -> None:
    """Bar: a row a line, and `load_dataset` gives what it gives of the dataset itself, but for seconds."""
    done = memcurate(project, "export", "out", "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    lines = (project.folder / "out" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    ours = list(read_rows(project.folder / DATASET / "train.parquet", Instance))
    assert [json.loads(line)["id"] for line in lines] == [one.id for one in ours]
    assert json.loads(lines[0])["chunks"][0]["segments"][0]["raw"]["file"] == "squad.json"
    loaded = load_dataset(str(project.folder / "out"))
    assert set(loaded) == {"train", "test"}
    parquet = str(project.folder / DATASET / "train.parquet")
    rows = load_dataset("parquet", data_files=parquet, split="train").to_list()
    told = [
        {**row, "chunks": [{**one, "time": f"{one['time']}:00"} for one in row["chunks"]]} for row in rows
    ]
    assert loaded["train"].to_list() == told
    assert "2024-01-01 00:00:00" in (project.folder / "out" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["jsonl", "trl"])
def test_a_split_without_rows(project: Project, form: str) -> None:
    """`datasets` loads no empty split: it is not named, and the others load."""
    write_rows(project.folder / DATASET / "test.parquet", Instance, [])
    done = memcurate(project, "export", "out", "--format", form)
    assert done.returncode == 0 and "test.jsonl: 0 rows" in done.stdout
    assert set(load_dataset(str(project.folder / "out"))) == {"train"}


@pytest.mark.parametrize("form", ["jsonl", "trl"])
def test_a_readme_of_others_stays(project: Project, form: str) -> None:
    mine = project.folder / "README.md"
    mine.write_text("# Mine\n", encoding="utf-8")
    done = memcurate(project, "export", ".", "--format", form)
    assert done.returncode == 1 and "name an empty folder" in done.stderr
    assert mine.read_text(encoding="utf-8") == "# Mine\n" and not (project.folder / "train.jsonl").exists()


def test_what_is_not_there_is_told(make: Make, tmp_path: Path) -> None:
    bare = make({})
    for command in (["export", "out", "--format", "jsonl"], ["push", "owner/name"]):
        done = memcurate(bare, *command)
        assert done.returncode == 1
        assert "dvc repro assemble" in done.stderr and "Traceback" not in done.stderr
    done = memcurate(bare, "import", "nothing.parquet", "--to", "back")
    assert done.returncode == 1 and "does not say its split" in done.stderr


class Hub:
    """A dataset hub that keeps what it is sent: makes repositories, and takes small files in commits."""

    def __init__(self, refuses: bool) -> None:
        self.requests: list[tuple[str, str]] = []
        self.files: dict[str, bytes] = {}
        self.made: dict[str, object] = {}
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path = self.path.partition("?")[0]
                hub.requests.append((self.command, path))
                self.close_connection = True
                if refuses:
                    self._send(401, {"error": "Invalid username or password."})
                else:
                    self._send(200, hub.answered(path, body))

            def _send(self, status: int, value: object) -> None:
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answered(self, path: str, body: bytes) -> object:
        """The answer to a request, by its path."""
        if path.endswith("/repos/create"):
            self.made = json.loads(body)
            return {"url": f"{self.url}/datasets/owner/name", "id": "1"}
        if "/preupload/" in path:
            wanted = json.loads(body)["files"]
            return {
                "files": [
                    {"path": one["path"], "uploadMode": "regular", "shouldIgnore": False} for one in wanted
                ]
            }
        if "/commit/" in path:
            for line in map(json.loads, body.decode().splitlines()):
                if line["key"] == "file":
                    self.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            return {"commitUrl": f"{self.url}/datasets/owner/name/commit/1", "commitOid": "1" * 40}
        if "/tree/" in path:
            return []
        return {"id": "owner/name", "sha": "0" * 40, "siblings": [], "private": False, "tags": []}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(params=[False])
def hub(request: pytest.FixtureRequest) -> Iterator[Hub]:
    made = Hub(request.param)
    yield made
    made.close()


def test_push_sends_card_and_splits(project: Project, hub: Hub) -> None:
    done = memcurate(project, "push", "owner/name", "--private", HF_ENDPOINT=hub.url, HF_TOKEN="hf_token")
    assert done.returncode == 0, done.stderr + str(hub.requests)
    assert "/commit/1" in done.stdout
    assert hub.made["type"] == "dataset" and hub.made["name"] == "name"
    folder = project.folder / DATASET
    assert hub.files == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {"README.md", "train.parquet", "test.parquet", "rejects.parquet"} == hub.files.keys()


@pytest.mark.parametrize("hub", [True], indirect=True)
def test_a_hub_that_refuses(project: Project, hub: Hub) -> None:
    done = memcurate(project, "push", "owner/name", HF_ENDPOINT=hub.url, HF_TOKEN="hf_token")
    assert done.returncode == 1
    assert "owner/name was not published" in done.stderr and "Traceback" not in done.stderr
    assert hub.files == {}
