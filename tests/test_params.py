"""params.yaml: every kind of mistake is told by key, with what it got and what it takes, in plain words."""

import re
from pathlib import Path

import pytest
from dvc.utils.serialize import dumps_yaml, loads_yaml

from pipeline.errors import MemcurateError
from pipeline.params import load_params
from tests.conftest import ROOT
from tests.graph.project import REMOVED, params_with
from training.params import agent_params

PLACE = "sources.gutenberg.files.0.places.0"
BOOKS = "sources.gutenberg.chunking"
CHECKS = "sources.gutenberg.checks"

# (key, value, what the message must hold)
MISTAKES = {
    "unknown key": ("sed", 1, ["sed", "no such key"]),
    "unknown key, deep": (f"{BOOKS}.max_token", 1, [f"{BOOKS}.max_token", "no such key"]),
    "unknown key of a place": (f"{PLACE}.sha", "a", [f"{PLACE}.sha", "no such key"]),
    "text for a number": (f"{BOOKS}.max_tokens", "many", [f"{BOOKS}.max_tokens", "integer", "'many'"]),
    "fraction for a whole number": ("dataset.limit", 1.5, ["dataset.limit", "integer", "1.5"]),
    "text for a list": ("use", "gutenberg", ["use", "list", "'gutenberg'"]),
    "number for a name": ("use", [3], ["use.0", "string", "3"]),
    "list for a block": ("sources.gutenberg.about", ["x"], ["sources.gutenberg.about", "['x']"]),
    "nothing for a block": ("split", None, ["split", "None"]),
    "missing key": ("split.test_share", REMOVED, ["split.test_share", "missing"]),
    "missing key, deep": (
        "sources.gutenberg.about.title",
        REMOVED,
        ["sources.gutenberg.about.title", "missing"],
    ),
    "missing block": ("sources", REMOVED, ["sources", "missing"]),
    "out of range": ("split.test_share", 1.5, ["split.test_share", "less than 1", "1.5"]),
    "too small": (f"{BOOKS}.max_tokens", 5, [f"{BOOKS}.max_tokens", "128", "5"]),
    "text for a whole number": (f"{BOOKS}.max_tokens", "2048", [f"{BOOKS}.max_tokens", "'2048'"]),
    "truth for a whole number": ("dataset.limit", True, ["dataset.limit", "True"]),
    "text for a truth": (
        "sources.gutenberg.questions.carried",
        "yes",
        ["sources.gutenberg.questions.carried", "'yes'"],
    ),
    "text for a truth, made": (
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
    "no language named": (f"{CHECKS}.language", REMOVED, [f"{CHECKS}.language", "missing"]),
    "no keywords": (f"{CHECKS}.min_keywords", 0, [f"{CHECKS}.min_keywords", "1", "0"]),
    "a share over all": (f"{CHECKS}.min_agreement", 101, [f"{CHECKS}.min_agreement", "100", "101"]),
    "a fraction for percent": (f"{CHECKS}.min_agreement", 0.73, [f"{CHECKS}.min_agreement", "0.73"]),
    "nothing in common": ("dataset.near_duplicate", 0, ["dataset.near_duplicate", "1", "0"]),
    "more in common than all": ("dataset.near_duplicate", 101, ["dataset.near_duplicate", "100", "101"]),
    "few words": ("dataset.contamination_words", 4, ["dataset.contamination_words", "5", "4"]),
    "evaluation set that is not built": (
        "dataset.evaluation",
        ["squad_dev", "squad_test"],
        ["dataset.evaluation", "'squad_test'", "`use`"],
    ),
    "a name for a list of them": ("dataset.evaluation", "squad_dev", ["dataset.evaluation", "'squad_dev'"]),
    "unknown tokenizer": ("tokenizer", "gpt2", ["tokenizer", "o200k_base", "cl100k_base", "gpt2"]),
    "unknown source": ("use", ["gutenburg"], ["`use`", "gutenburg", "squad_dev", "gutenberg"]),
    "source used twice": ("use", ["gutenberg", "gutenberg"], ["`use`", "twice"]),
    "no source": ("use", [], ["use", "[]"]),
    "refused licence": (
        "licences.refuse",
        ["CC-BY-SA-4.0"],
        ["squad_dev", "CC-BY-SA-4.0", "remove it from `use`", "licences.refuse"],
    ),
    "refused licence in other letters": ("licences.refuse", ["cc-by-sa-4.0"], ["squad_dev", "CC-BY-SA-4.0"]),
    "refused licence that none has": ("licences.refuse", ["GPL"], ["licences.refuse", "'GPL'", "no source"]),
    "two pins": (f"{PLACE}.git_blob", "a" * 40, [PLACE, "one of sha256 and git_blob, not by both"]),
    "file of one's own without a hash": (
        "assets.files.0.places",
        [{"locator": "file:x"}],
        ["assets.files", "file:x", "sha256"],
    ),
    "short hash": (f"{PLACE}.sha256", "abc", [f"{PLACE}.sha256", "'abc'", "64"]),
    "upper-case hash": (f"{PLACE}.sha256", "A" * 64, [f"{PLACE}.sha256", "AAAA"]),
    "unknown kind of locator": (
        f"{PLACE}.locator",
        "ftp://x",
        [f"{PLACE}.locator", "'ftp://x'", "pypi", "hf", "https", "file"],
    ),
    "no places": (
        "sources.gutenberg.files.0.places",
        [],
        ["sources.gutenberg.files.0.places", "at least 1", "[]"],
    ),
    "unknown recipe": (f"{BOOKS}.recipe", "book", [BOOKS, "recipe", "'book'", "books", "examples"]),
    "no recipe": (f"{BOOKS}.recipe", REMOVED, [BOOKS, "recipe"]),
    "text for a recipe's block": (BOOKS, "books", [BOOKS, "'books'"]),
    "min over max chunks": (f"{BOOKS}.min_chunks", 30, [BOOKS, "min_chunks 30", "max_chunks 20"]),
    "min over max questions": ("sources.longmemeval.chunking.min_questions", 30, ["min_questions", "30"]),
    "min over max tokens": (
        "sources.longmemeval.chunking.min_instance_tokens",
        50_000,
        ["min_instance_tokens", "50000", "30000"],
    ),
    "target over max tokens": ("sources.squad_dev.chunking.min_target", 5000, ["min_target", "5000", "2048"]),
    "target over max tokens, gathered": (
        "sources.hotpotqa_dev.chunking.min_target",
        5000,
        ["min_target", "5000", "2048"],
    ),
    "min over max kept questions": (
        "sources.banking77.checks.min_questions",
        500,
        ["min_questions", "500", "100"],
    ),
}


def message(path: Path) -> str:
    with pytest.raises(MemcurateError) as caught:
        load_params(path)
    return str(caught.value)


def told(tmp_path: Path, key: str, value: object) -> str:
    path = tmp_path / "params.yaml"
    path.write_text(params_with({key: value}), encoding="utf-8")
    return message(path)


def test_the_committed_file_loads() -> None:
    params = load_params(ROOT / "params.yaml")
    assert set(params.use) <= params.sources.keys()


def test_the_file_is_the_one_that_the_mistakes_are_made_in(tmp_path: Path) -> None:
    """Written anew without a mistake it loads, so it is the mistake that is told."""
    path = tmp_path / "params.yaml"
    path.write_text(params_with({}), encoding="utf-8")
    assert load_params(path) == load_params(ROOT / "params.yaml")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (f"{CHECKS}.language", None),
        (f"{CHECKS}.min_agreement", 0),
        (f"{CHECKS}.min_agreement", 100),
        ("dataset.near_duplicate", 100),
        ("dataset.contamination_words", 5),
        ("dataset.evaluation", ["squad_dev", "longmemeval"]),
    ],
)
def test_the_ends_of_what_is_allowed(tmp_path: Path, key: str, value: object) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(params_with({key: value}), encoding="utf-8")
    assert load_params(path) != load_params(ROOT / "params.yaml")


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told(tmp_path: Path, mistake: str) -> None:
    key, value, expected = MISTAKES[mistake]
    text = told(tmp_path, key, value)
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


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_in_plain_words(tmp_path: Path, mistake: str) -> None:
    """No word of the library that checks, and no line that dumps a block."""
    key, value, _ = MISTAKES[mistake]
    text = told(tmp_path, key, value)
    assert [word for word in JARGON if word in text] == []
    assert [line for line in text.splitlines() if len(line) > 240] == []


def test_each_mistake_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(params_with({"sed": 1, "split.test_share": 2, f"{BOOKS}.min_chunks": REMOVED}))
    first, *lines = message(path).splitlines()
    assert str(path) in first
    assert len(lines) == 3
    for key in ("sed", "split.test_share", f"{BOOKS}.min_chunks"):
        assert sum(line.startswith(f"  {key}: ") for line in lines) == 1


@pytest.mark.parametrize(
    "name",
    ["diary", "books", "chunking"],
)
def test_a_source_may_have_any_name(tmp_path: Path, name: str) -> None:
    """Its key is told whole, whatever pydantic calls a recipe."""
    block = {"about": {"title": "x"}, "files": [], "chunking": {}, "questions": {}, "checks": {}}
    text = told(tmp_path, f"sources.{name}", block)
    assert f"sources.{name}.about.licence: missing" in text
    assert f"sources.{name}.chunking.recipe: missing" in text


@pytest.mark.parametrize("text", ["a: [1", "a:\n\t- b", "a: \x00"])
def test_no_yaml(tmp_path: Path, text: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    assert f"{path}, line" in message(path)


def test_a_key_that_stands_twice(tmp_path: Path) -> None:
    """Else the last value would win without a word."""
    path = tmp_path / "params.yaml"
    path.write_text("seed: 1\nsplit:\n  test_share: 0.1\n  test_share: 0.2\n")
    assert "'test_share' stands twice" in message(path)
    assert f"{path}, line 4: " in message(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("dataset.limit", 10**30),
        ("dataset.limit", 10**12),
        ("split.test_share", float("nan")),
        ("evaluation.resamples", 10**9),
        ("evaluation.questions", 2**62),
        ("training.seed", -1),
        ("training.seed", 2**32),
        ("training.profiles.cpu.learning_rate", float("inf")),
        ("answer.max_tokens", 2**40),
    ],
)
def test_a_number_beyond_all_bounds_is_told_by_its_key(tmp_path: Path, key: str, value: float) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(params_with({key: value}), encoding="utf-8")
    with pytest.raises(MemcurateError, match=rf"{re.escape(str(path))}|params\.yaml") as caught:
        agent_params(load_params(path))
    assert f" {key}: " in str(caught.value)


def test_rates_as_dvc_writes_them(tmp_path: Path) -> None:
    """`dvc exp run -S …learning_rate=0.000006` writes 6e-06, which YAML 1.1 takes for text."""
    path = tmp_path / "params.yaml"
    values = loads_yaml((ROOT / "params.yaml").read_text(encoding="utf-8"))
    values["training"]["profiles"]["cpu"]["learning_rate"] = 0.000006
    path.write_text(dumps_yaml(values).replace("seed: 20\n", "seed: 020\n"), encoding="utf-8")
    assert "learning_rate: 6e-06\n" in path.read_text()
    params = load_params(path)
    assert agent_params(params).training.profiles["cpu"].learning_rate == 6e-06
    assert params == load_params(ROOT / "params.yaml")


def test_many_wrong_keys_and_long_ones_make_a_short_message(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("".join(f"k{number}: 1\n" for number in range(20_000)))
    assert len(message(path).splitlines()) < 30
    assert "more wrong keys" in message(path)
    path.write_text(params_with({"use": ["x" * 10_000, "é\x07" * 5_000], "k\x1b[31m" + "k" * 10_000: 1}))
    assert [line for line in message(path).splitlines() if len(line) > 1_100 or not line.isprintable()] == []


def test_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(b"seed: \xff\xfe")
    assert str(path) in message(path)


@pytest.mark.parametrize("text", ["", "- 1", "hello"])
def test_no_keys_at_all(tmp_path: Path, text: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    assert str(path) in message(path)


def test_no_keys_at_all_in_plain_words(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("")
    assert [word for word in (*JARGON, "  : ") if word in message(path)] == []


def test_no_file(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    text = message(path)
    assert str(path) in text
    assert "root folder" in text
