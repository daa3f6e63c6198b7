"""The dataset card: its YAML header, and the sections with counts."""

from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.core.params import SourceCard, load_params
from pipeline.core.schema import Split
from pipeline.publish.dataset_card import render_card
from tests.conftest import ROOT

STARTER = load_params(ROOT / "params.yaml")
SOURCES = {
    name: STARTER.sources["squad_dev"].model_copy(update={"language": language})
    for name, language in (("one", "en"), ("two", "de"))
}
PARAMS = STARTER.model_copy(update={"enabled_sources": list(SOURCES), "sources": SOURCES})
SOURCE_CARDS = {
    "one": SourceCard(title="First", license="MIT", note="Ask first."),
    "two": SourceCard(title="Second", license="CC0", note=None),
}
COUNTS = {
    "one": {
        "train": {"instances": 3, "questions_by_origin": {"source": 4, "cloze": 2}},
        "test": {"instances": 1, "questions_by_origin": {"source": 5}},
    },
    "two": {"train": {"instances": 7, "questions_by_origin": {"cloze": 8}}},
}


Render = Callable[[dict[str, dict[str, int]], list[str]], list[str]]


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """Render the card of two files of train and one of test, as they are then."""
    files: dict[Split, list[Path]] = {
        "train": [tmp_path / f"train-0000{number}-of-00002.parquet" for number in range(2)],
        "test": [tmp_path / "test.parquet"],
    }
    for path in chain(*files.values()):
        path.write_text(path.name)

    def render_card_lines(pii_counts: dict[str, dict[str, int]], changes: list[str]) -> list[str]:
        return render_card(PARAMS, SOURCE_CARDS, COUNTS, pii_counts, changes, files).splitlines()

    return render_card_lines


def read_header(lines: list[str]) -> Any:
    return yaml.safe_load("\n".join(lines).split("---\n", 2)[1])


def test_the_header_names_files_licenses_languages_and_size(render: Render) -> None:
    read = read_header(render({}, []))
    assert read["license_details"] == "CC0, MIT" and read["size_categories"] == ["n<1K"]
    files = [{"split": "train", "path": "train-*.parquet"}, {"split": "test", "path": "test.parquet"}]
    (config,) = read["configs"]
    assert config.pop("description").startswith("SHA-256 of the files: ")
    assert config == {"config_name": "default", "data_files": files}
    assert read["language"] == ["de", "en"]


def test_the_header_changes_with_the_files(render: Render, tmp_path: Path) -> None:
    """By it alone `datasets` tells a new dataset from its cached copy of the old one."""
    before = read_header(render({}, []))
    (tmp_path / "test.parquet").write_text("other rows")
    after = read_header(render({}, []))
    assert before.pop("configs") != after.pop("configs") and before == after


def test_sources_and_origins_are_counted_by_split(render: Render) -> None:
    lines = render({}, [])
    assert (
        "| one | First | MIT | 3 / 1 | 6 / 5 |" in lines and "| two | Second | CC0 | 7 / 0 | 8 / 0 |" in lines
    )
    assert [line.split("|")[-3:-1] for line in lines if line.startswith("| cloze ")] == [[" 10 ", " 0 "]]
    notes = [line for line in lines if line.startswith("- **")]
    assert notes[0] == "- **one**: Ask first."
    assert notes[1:] == ["- **two**: it has no test row."]


def test_texts_of_params_keep_their_row_and_line(render: Render, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line end or a | in them would move the numbers of the table."""
    card = SourceCard(title="One | two\nlines", license="A|B", note="Ask.\n\n## First")
    monkeypatch.setitem(SOURCE_CARDS, "one", card)
    lines = render({}, [])
    assert r"| one | One \| two lines | A\|B | 3 / 1 | 6 / 5 |" in lines
    assert "- **one**: Ask. ## First" in lines


def test_personal_data_and_changes_are_listed(render: Render) -> None:
    lines = render({"one": {"phone": 1, "email": 2}, "two": {}}, ["## Changes since v1", ""])
    assert "- **one**: 2 of kind email, 1 of kind phone" in lines and "## Changes since v1" in lines
    assert "The patterns found no e-mail address, telephone number, card number or key." in render({}, [])
