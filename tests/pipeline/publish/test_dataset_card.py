"""The dataset card: its YAML header, and the sections with counts."""

import yaml

from pipeline.core.params import SourceCard, load_params
from pipeline.core.schema import Split
from pipeline.publish.dataset_card import render_card
from tests.conftest import ROOT

PARAMS = load_params(ROOT / "params.yaml").model_copy(update={"enabled_sources": ["one", "two"]})
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


FILES: dict[Split, list[str]] = {
    "train": ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"],
    "test": ["test.parquet"],
}


def render(pii_counts: dict[str, dict[str, int]], changes: list[str]) -> list[str]:
    return render_card(PARAMS, SOURCE_CARDS, COUNTS, pii_counts, changes, FILES).splitlines()


def test_the_header_names_files_licenses_and_size() -> None:
    _, header, _ = "\n".join(render({}, [])).split("---\n", 2)
    read = yaml.safe_load(header)
    assert read["license_details"] == "CC0, MIT" and read["size_categories"] == ["n<1K"]
    files = [{"split": "train", "path": "train-*.parquet"}, {"split": "test", "path": "test.parquet"}]
    assert read["configs"] == [{"config_name": "default", "data_files": files}]


def test_sources_and_origins_are_counted_by_split() -> None:
    lines = render({}, [])
    assert (
        "| one | First | MIT | 3 / 1 | 6 / 5 |" in lines and "| two | Second | CC0 | 7 / 0 | 8 / 0 |" in lines
    )
    assert [line.split("|")[-3:-1] for line in lines if line.startswith("| cloze ")] == [[" 10 ", " 0 "]]
    assert "- **one**: Ask first." in lines and not any("**two**" in line for line in lines)


def test_personal_data_and_changes_are_listed() -> None:
    lines = render({"one": {"phone": 1, "email": 2}, "two": {}}, ["## Changes since v1", ""])
    assert "- **one**: 2 of kind email, 1 of kind phone" in lines and "## Changes since v1" in lines
    assert "The patterns found no e-mail address, telephone number, card number or key." in render({}, [])
