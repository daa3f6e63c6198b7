"""params.yaml: every error names the key, the value found and the values allowed, in plain words."""

import re
from pathlib import Path

import pytest
from dvc.utils.serialize import dumps_yaml, loads_yaml

from pipeline.core.errors import MemcurateError
from pipeline.core.params import load_params
from pipeline.core.params.formats import FORMAT_NAMES, fill_in_blocks, get_default_blocks
from tests.conftest import ROOT
from tests.integration.project import REMOVED, params_with

LOCATION = "sources.gutenberg.files.0.locations.0"
BOOKS = "sources.gutenberg.chunking"
LINKED = "sources.hotpotqa_dev.chunking"  # whose format has no defaults
CHECKS = "sources.gutenberg.checks"

# (key, value, parts that the error must hold)
WRONG_VALUES = {
    "unknown key": ("sed", 1, ["sed", "no such key"]),
    "unknown key, deep": (f"{BOOKS}.max_token", 1, [f"{BOOKS}.max_token", "no such key"]),
    "unknown key of a location": (f"{LOCATION}.sha", "a", [f"{LOCATION}.sha", "no such key"]),
    "text for a number": (f"{BOOKS}.max_tokens", "many", [f"{BOOKS}.max_tokens", "integer", "'many'"]),
    "fraction for a whole number": (
        "dataset.max_train_per_source",
        1.5,
        ["dataset.max_train_per_source", "integer", "1.5"],
    ),
    "text for a list": ("enabled_sources", "gutenberg", ["enabled_sources", "list", "'gutenberg'"]),
    "number for a name": ("enabled_sources", [3], ["enabled_sources.0", "string", "3"]),
    "list for a block": ("sources.gutenberg.card", ["x"], ["sources.gutenberg.card", "['x']"]),
    "nothing for a block": ("split", None, ["split", "None"]),
    "missing key": ("split.test_fraction", REMOVED, ["split.test_fraction", "missing"]),
    "missing key, deep": (
        "sources.gutenberg.card.license",
        REMOVED,
        ["sources.gutenberg.card.license", "missing"],
    ),
    "missing block": ("sources", REMOVED, ["sources", "missing"]),
    "out of range": ("split.test_fraction", 1.5, ["split.test_fraction", "less than 1", "1.5"]),
    "too small": (f"{BOOKS}.max_tokens", 5, [f"{BOOKS}.max_tokens", "128", "5"]),
    "text for a whole number": (f"{BOOKS}.max_tokens", "2048", [f"{BOOKS}.max_tokens", "'2048'"]),
    "truth for a whole number": (
        "dataset.max_train_per_source",
        True,
        ["dataset.max_train_per_source", "True"],
    ),
    "text for a truth": (
        "sources.gutenberg.questions.source",
        "yes",
        ["sources.gutenberg.questions.source", "'yes'"],
    ),
    "text for a truth, summary": (
        "sources.gutenberg.questions.summary",
        "yes",
        ["sources.gutenberg.questions.summary", "'yes'"],
    ),
    "less than nothing": (
        "sources.chitchat.questions.cloze",
        -1,
        ["sources.chitchat.questions.cloze", "0", "-1"],
    ),
    "unknown language": (f"{CHECKS}.language", "de", [f"{CHECKS}.language", "'en'", "'de'"]),
    "no language named": (
        "sources.hotpotqa_dev.checks.language",
        REMOVED,
        ["sources.hotpotqa_dev.checks.language", "missing"],
    ),
    "a key of another strategy": (
        BOOKS,
        {"strategy": "passages", "max_tokens": 2048, "min_chunks": 1, "max_chunks": 2},
        [f"{BOOKS}.min_chunk_tokens: missing", "defaults for one strategy"],
    ),
    "no keywords": (f"{CHECKS}.min_keywords", 0, [f"{CHECKS}.min_keywords", "1", "0"]),
    "a share over all": (
        f"{CHECKS}.min_summary_overlap",
        101,
        [f"{CHECKS}.min_summary_overlap", "100", "101"],
    ),
    "a fraction for percent": (
        f"{CHECKS}.min_summary_overlap",
        0.73,
        [f"{CHECKS}.min_summary_overlap", "0.73"],
    ),
    "nothing in common": ("dataset.near_duplicate", 0, ["dataset.near_duplicate", "1", "0"]),
    "more in common than all": ("dataset.near_duplicate", 101, ["dataset.near_duplicate", "100", "101"]),
    "few words": ("dataset.decontamination_ngram", 4, ["dataset.decontamination_ngram", "5", "4"]),
    "evaluation set that is not built": (
        "dataset.eval_only_sources",
        ["squad_dev", "squad_test"],
        ["dataset.eval_only_sources", "'squad_test'", "`enabled_sources`"],
    ),
    "a name for a list of them": (
        "dataset.eval_only_sources",
        "squad_dev",
        ["dataset.eval_only_sources", "'squad_dev'"],
    ),
    "unknown tokenizer": ("tokenizer", "gpt2", ["tokenizer", "o200k_base", "cl100k_base", "gpt2"]),
    "unknown source": (
        "enabled_sources",
        ["gutenburg"],
        ["`enabled_sources`", "gutenburg", "squad_dev", "gutenberg"],
    ),
    "source used twice": ("enabled_sources", ["gutenberg", "gutenberg"], ["`enabled_sources`", "twice"]),
    "no source": ("enabled_sources", [], ["enabled_sources", "[]"]),
    "denied license": (
        "licenses.deny",
        ["CC-BY-SA-4.0"],
        ["squad_dev", "CC-BY-SA-4.0", "remove it from `enabled_sources`", "licenses.deny"],
    ),
    "denied license in other letters": ("licenses.deny", ["cc-by-sa-4.0"], ["squad_dev", "CC-BY-SA-4.0"]),
    "denied license that no source has": ("licenses.deny", ["GPL"], ["licenses.deny", "'GPL'", "no source"]),
    "two pins": (f"{LOCATION}.git_blob", "a" * 40, [LOCATION, "one of sha256 and git_blob, not by both"]),
    "file of one's own without a hash": (
        "assets.files.0.locations",
        [{"locator": "file:x"}],
        ["assets.files", "file:x", "sha256"],
    ),
    "short hash": (f"{LOCATION}.sha256", "abc", [f"{LOCATION}.sha256", "'abc'", "64"]),
    "upper-case hash": (f"{LOCATION}.sha256", "A" * 64, [f"{LOCATION}.sha256", "AAAA"]),
    "unknown kind of locator": (
        f"{LOCATION}.locator",
        "ftp://x",
        [f"{LOCATION}.locator", "'ftp://x'", "pypi", "hf", "https", "file"],
    ),
    "no locations": (
        "sources.gutenberg.files.0.locations",
        [],
        ["sources.gutenberg.files.0.locations", "at least 1", "[]"],
    ),
    "unknown strategy": (f"{BOOKS}.strategy", "book", [BOOKS, "strategy", "'book'", "books", "examples"]),
    "no strategy": (f"{LINKED}.strategy", REMOVED, [LINKED, "strategy"]),
    "text for the chunking block": (BOOKS, "books", [BOOKS, "'books'"]),
    "min over max chunks": (f"{BOOKS}.min_chunks", 30, [BOOKS, "min_chunks 30", "max_chunks 20"]),
    "min over max questions": ("sources.longmemeval.chunking.min_questions", 30, ["min_questions", "30"]),
    "min over max tokens": (
        "sources.longmemeval.chunking.min_instance_tokens",
        50_000,
        ["min_instance_tokens", "50000", "30000"],
    ),
    "target over max tokens": (
        "sources.squad_dev.chunking.min_chunk_tokens",
        5000,
        ["min_chunk_tokens", "5000", "2048"],
    ),
    "target over max tokens, linked articles": (
        "sources.hotpotqa_dev.chunking.min_chunk_tokens",
        5000,
        ["min_chunk_tokens", "5000", "2048"],
    ),
    "min over max kept questions": (
        "sources.banking77.checks.min_questions",
        500,
        ["min_questions", "500", "100"],
    ),
}


def load_error(path: Path) -> str:
    with pytest.raises(MemcurateError) as caught:
        load_params(path)
    return str(caught.value)


def load_error_with(tmp_path: Path, key: str, value: object) -> str:
    path = tmp_path / "params.yaml"
    path.write_text(params_with({key: value}), encoding="utf-8")
    return load_error(path)


def test_the_committed_file_loads() -> None:
    params = load_params(ROOT / "params.yaml")
    assert set(params.enabled_sources) <= params.sources.keys()


def test_the_file_loads_without_the_wrong_values(tmp_path: Path) -> None:
    """The rewritten file loads without the errors, so only the errors make it fail."""
    path = tmp_path / "params.yaml"
    path.write_text(params_with({}), encoding="utf-8")
    assert load_params(path) == load_params(ROOT / "params.yaml")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (f"{CHECKS}.language", None),
        (f"{CHECKS}.min_summary_overlap", 0),
        (f"{CHECKS}.min_summary_overlap", 100),
        ("dataset.near_duplicate", 100),
        ("dataset.decontamination_ngram", 5),
        ("dataset.eval_only_sources", ["squad_dev", "longmemeval"]),
    ],
)
def test_the_bounds_themselves_are_allowed(tmp_path: Path, key: str, value: object) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(params_with({key: value}), encoding="utf-8")
    assert load_params(path) != load_params(ROOT / "params.yaml")


@pytest.mark.parametrize("case", WRONG_VALUES)
def test_a_wrong_value_is_named_in_the_error(tmp_path: Path, case: str) -> None:
    key, value, expected = WRONG_VALUES[case]
    text = load_error_with(tmp_path, key, value)
    assert [part for part in expected if part not in text] == []


JARGON = (
    "Input should",
    "instance of",
    "to extract",
    "discriminator",
    "tag",
    "validation",
    "should match pattern",
    "[key]",
)


@pytest.mark.parametrize("case", WRONG_VALUES)
def test_a_wrong_value_is_described_in_plain_words(tmp_path: Path, case: str) -> None:
    """The message has no term of pydantic, and no line that dumps a block."""
    key, value, _ = WRONG_VALUES[case]
    text = load_error_with(tmp_path, key, value)
    assert [word for word in JARGON if word in text] == []
    assert [line for line in text.splitlines() if len(line) > 240] == []


def test_each_wrong_key_has_its_own_line(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(params_with({"sed": 1, "split.test_fraction": 2, f"{LINKED}.min_chunks": REMOVED}))
    first, *lines = load_error(path).splitlines()
    assert str(path) in first
    assert len(lines) == 3
    for key in ("sed", "split.test_fraction", f"{LINKED}.min_chunks"):
        assert sum(line.startswith(f"  {key}: ") for line in lines) == 1


@pytest.mark.parametrize(
    "name",
    ["diary", "books", "chunking"],
)
def test_a_source_may_have_any_name(tmp_path: Path, name: str) -> None:
    """The whole key is named, although pydantic adds the strategy to its path."""
    block = {"card": {"title": "x"}, "files": [], "chunking": {}, "questions": {}, "checks": {}}
    text = load_error_with(tmp_path, f"sources.{name}", block)
    assert f"sources.{name}.card.license: missing" in text
    assert f"sources.{name}.chunking.strategy: missing" in text


@pytest.mark.parametrize("name", [*FORMAT_NAMES, "mail:Mail"])
def test_keys_that_a_block_leaves_out_keep_the_defaults_of_the_format(name: str) -> None:
    """Each key of each block, changed alone: all others stay as they are without the block."""
    defaults = get_default_blocks(name)
    for block, keys in defaults.items():
        for key, value in keys.items():
            filled = fill_in_blocks(name, {block: {key: value}, "card": {"license": "MIT"}})
            assert filled == {**defaults, "card": {"license": "MIT"}}
            assert fill_in_blocks(name, {block: {key: "x"}})[block].items() >= {key: "x"}.items()
        assert fill_in_blocks(name, {block: {}})[block] == keys
        assert fill_in_blocks(name, {block: None})[block] is None  # refused by the models
    whole = {"strategy": "events", "max_tokens": 200}
    assert fill_in_blocks(name, {"chunking": whole})["chunking"] == whole


@pytest.mark.parametrize("text", ["a: [1", "a:\n\t- b", "a: \x00"])
def test_invalid_yaml_is_an_error_with_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    assert f"{path}, line" in load_error(path)


def test_a_repeated_key_is_an_error_with_its_line(tmp_path: Path) -> None:
    """Otherwise the last value would win silently."""
    path = tmp_path / "params.yaml"
    path.write_text("seed: 1\nsplit:\n  test_fraction: 0.1\n  test_fraction: 0.2\n")
    assert "'test_fraction' stands twice" in load_error(path)
    assert f"{path}, line 4: " in load_error(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("dataset.max_train_per_source", 10**30),
        ("dataset.max_train_per_source", 10**12),
        ("split.test_fraction", float("nan")),
        ("evaluation.bootstrap_samples", 10**9),
        ("evaluation.max_questions", 2**62),
        ("training.seed", -1),
        ("training.seed", 2**32),
        ("training.profiles.cpu.learning_rate", float("inf")),
        ("answer.max_context_tokens", 2**40),
    ],
)
def test_a_number_out_of_bounds_is_named_by_its_key(tmp_path: Path, key: str, value: float) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(params_with({key: value}), encoding="utf-8")
    with pytest.raises(MemcurateError, match=rf"{re.escape(str(path))}|params\.yaml") as caught:
        load_params(path)
    assert f" {key}: " in str(caught.value)


def test_learning_rates_in_the_notation_of_dvc_are_read(tmp_path: Path) -> None:
    """`dvc exp run -S …learning_rate=0.000006` writes 6e-06, which YAML 1.1 takes for text."""
    path = tmp_path / "params.yaml"
    values = loads_yaml((ROOT / "params.yaml").read_text(encoding="utf-8"))
    values["training"]["profiles"]["cpu"]["learning_rate"] = 0.000006
    path.write_text(dumps_yaml(values).replace("seed: 20\n", "seed: 020\n"), encoding="utf-8")
    assert "learning_rate: 6e-06\n" in path.read_text()
    params = load_params(path)
    assert params.training.profiles["cpu"].learning_rate == 6e-06
    assert params == load_params(ROOT / "params.yaml")


def test_lora_and_the_last_layers_are_not_trained_together(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    values = loads_yaml((ROOT / "params.yaml").read_text(encoding="utf-8"))
    values["training"]["profiles"]["cpu"]["lora"] = {"rank": 4, "alpha": 8}
    path.write_text(dumps_yaml(values), encoding="utf-8")
    with pytest.raises(MemcurateError, match="trained_layers 10 the last layers alone: set one of the two"):
        load_params(path)
    values["training"]["profiles"]["cpu"]["trained_layers"] = None
    path.write_text(dumps_yaml(values), encoding="utf-8")
    assert load_params(path).training.profiles["cpu"].lora is not None


def test_many_wrong_keys_and_long_ones_make_a_short_message(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("".join(f"k{number}: 1\n" for number in range(20_000)))
    assert len(load_error(path).splitlines()) < 30
    assert "more wrong keys" in load_error(path)
    path.write_text(
        params_with({"enabled_sources": ["x" * 10_000, "é\x07" * 5_000], "k\x1b[31m" + "k" * 10_000: 1})
    )
    assert [
        line for line in load_error(path).splitlines() if len(line) > 1_100 or not line.isprintable()
    ] == []


def test_a_file_that_is_not_utf_8_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(b"seed: \xff\xfe")
    assert str(path) in load_error(path)


@pytest.mark.parametrize("text", ["", "- 1", "hello"])
def test_a_file_without_keys_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    assert str(path) in load_error(path)


def test_a_file_without_keys_is_described_in_plain_words(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("")
    assert [word for word in (*JARGON, "  : ") if word in load_error(path)] == []


def test_a_missing_file_is_an_error_that_names_the_root_folder(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    text = load_error(path)
    assert str(path) in text
    assert "root folder" in text
