"""`memcurate import`: rows in Mem-alpha's schema, with bad ones among them."""

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import load_dataset

from pipeline.core.schema import Instance, Reject
from pipeline.core.storage import read_rows
from tests.stages.cli.factories import run_memcurate
from tests.stages.conftest import Make, Project


def test_import_lists_rejected_rows(dataset_project: Project) -> None:
    """The good rows are imported; the others are counted and listed by their location."""
    good = {
        "chunks": ["Ann has a kite.", "Bob has none."],
        "questions_and_answers": [{"question": "What has Ann?", "answer": "a kite"}],
        "data_source": "squad",
        "metadata": None,
    }
    rows = [good, {**good, "chunks": None}, {**good, "chunks": ["a", ""]}, good]
    pq.write_table(pa.Table.from_pylist(rows), dataset_project.folder / "train.parquet")
    done = run_memcurate(dataset_project, "import", "train.parquet", "--out", "back")
    assert done.returncode == 0 and "Traceback" not in done.stderr
    assert "2 instances of train.parquet, 2 rejected" in done.stdout
    assert "rejected train.parquet/1: malformed record, chunks: " in done.stdout
    assert "rejected train.parquet/2: malformed record, chunks/1: it is blank" in done.stdout
    found = list(read_rows(dataset_project.folder / "back" / "train.parquet", Instance))
    assert [one.chunks[0].text for one in found] == ["Ann has a kite."] * 2
    loaded = load_dataset(str(dataset_project.folder / "back"))
    assert set(loaded) == {"train"} and loaded["train"][0]["chunks"][0]["text"] == "Ann has a kite."
    rejects = list(read_rows(dataset_project.folder / "back" / "rejects.parquet", Reject))
    assert {one.source_span.record for one in rejects if one.source_span} == {"/1", "/2"}


def test_a_file_that_names_no_split_is_an_error(make: Make) -> None:
    done = run_memcurate(make({}), "import", "nothing.parquet", "--out", "back")
    assert done.returncode == 1 and "does not say its split" in done.stderr
