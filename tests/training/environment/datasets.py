"""Write small datasets of two sources."""

from dataclasses import replace
from pathlib import Path

from pipeline.core.storage import write_rows
from tests.training.factories import make_instance, make_question
from training.memory.schema import EpisodeInput

_PLACES = ("Oslo", "Leeds", "Rome", "Bath")


def make_rows(count: int) -> list[EpisodeInput]:
    """Make instances of three chunks and two questions, in turn of the sources `even` and `odd`."""
    rows = []
    for number in range(count):
        place = _PLACES[number % len(_PLACES)]
        chunks = [
            f"[Dialogue at timestamp 2024-01-0{day} 10:00]\n<Ann> My red boat came to {place} on day {day}."
            for day in (1, 2, 3)
        ]
        questions = [
            make_question("Where is the red boat of Ann?", place),
            replace(make_question("Which colour has it?", "red"), evidence_chunks=[2]),
        ]
        row = make_instance(str(number), chunks, questions, split="train")
        rows.append(replace(row, source=("even", "odd")[number % 2]))
    return rows


def write_dataset(folder: Path, count: int) -> list[EpisodeInput]:
    """Write the train split of a dataset with `count` rows, and return them."""
    folder.mkdir(exist_ok=True)
    rows = make_rows(count)
    write_rows(folder / "train.parquet", EpisodeInput, rows)
    return rows
