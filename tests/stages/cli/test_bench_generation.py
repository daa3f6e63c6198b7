"""The benchmark of generation, with a small model in place of the warm-started one."""

import sys
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM

from pipeline.core.schema import Instance
from pipeline.core.storage import write_rows
from stages.cli import main as cli
from stages.cli.bench import generation
from tests.integration.project import params_with
from tests.pipeline.questions.factories import make_instance
from tests.training.rl.factories import make_tokenizer, write_model


def run_bench() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["memcurate", "bench", "--repeat", "2", "--only", "generation"])
        cli.run()


def test_bench_generation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(params_with({}), encoding="utf-8")
    monkeypatch.setattr(generation, "MAX_NEW_TOKENS", 6)
    with pytest.raises(SystemExit):
        run_bench()
    assert "models/warm_start is missing: build it with `dvc repro`" in capsys.readouterr().err
    model = write_model(Path("models/warm_start"))
    tokenizer = make_tokenizer()
    tokenizer.chat_template = "{% for message in messages %}{{ message.content }} {% endfor %}go"
    tokenizer.save_pretrained(model)
    Path("data/dataset").mkdir(parents=True)
    write_rows(Path("data/dataset/train.parquet"), Instance, [])
    with pytest.raises(SystemExit):
        run_bench()
    assert "the train split has 0 instances, and the benchmark needs 1" in capsys.readouterr().err
    instances = [make_instance(f"i{n}", {f"i{n}/0": f"w1 w{n}"}) for n in range(1)]
    write_rows(Path("data/dataset/train.parquet"), Instance, instances)
    run_bench()
    whole, *free = [line for line in capsys.readouterr().out.splitlines() if line.startswith("generation")]
    assert "8 × " in whole and "+6: " in whole and "tokens/s" in whole and "times as fast" in whole
    assert ["up to 6" in line for line in free] == [True]


def test_lengths_of_transformers_end_at_the_first_end_token(tmp_path: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(write_model(tmp_path))
    lengths = generation._generate(model, [[4, 5], [4, 5, 6]], range(2, 32), 5, 1.0)
    assert lengths == [1, 1]
