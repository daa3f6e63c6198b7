"""The questions that rules make in a source's language; what they leave out is named."""

from pathlib import Path

import pytest

from pipeline.core.output_files import write_output_files
from pipeline.core.params import QuestionParams
from pipeline.core.schema import Instance, InstanceQuestion, Question, Segment
from pipeline.core.storage import read_rows, write_rows
from pipeline.questions import shards
from pipeline.questions.chunk_inputs import find_chunk_inputs
from pipeline.questions.deterministic import describe_left_out, select_rules
from pipeline.questions.question_parts import QUESTION_TABLES
from pipeline.questions.rules.rule_based import make_rule_questions
from tests.pipeline.questions.factories import make_document_instance

CONFIG = QuestionParams(source=True, label=0, summary=True, cloze=3)
TEXTS = [
    "Die erste Bibliothek der Stadt wurde am 12. März 1897 vom Bürgermeister feierlich im Rathaus eröffnet.",
    "Der alte Hafen wurde am 3. Mai 1911 von den Fischern der Insel gegen den Willen des Königs gebaut.",
]


@pytest.mark.parametrize(
    ("language", "cloze", "summary", "left_out"),
    [
        ("en", 3, True, ""),
        ("de", 3, False, "summary"),
        ("zh", 3, False, "summary"),
        ("ar", 0, False, "cloze and summary"),
    ],
)
def test_rules_of_a_language(language: str, cloze: int, summary: bool, left_out: str) -> None:
    selected = select_rules(CONFIG, language)
    assert (selected.cloze, selected.summary, selected.source) == (cloze, summary, True)
    assert describe_left_out(CONFIG, selected) == left_out


def test_nothing_is_left_out_that_was_not_asked_for() -> None:
    config = CONFIG.model_copy(update={"cloze": 0, "summary": False})
    assert describe_left_out(config, select_rules(config, "ar")) == ""


def test_the_tasks_of_a_stage_make_the_same_clozes(tmp_path: Path, assets: Path) -> None:
    """A source in German, in two tasks and in memory."""
    instances = []
    for number, text in enumerate(TEXTS):
        instance = make_document_instance({f"made/{number}": text})
        instance.id = f"made/i{number}"
        instances.append(instance)
    chunks = tmp_path / "chunks"
    chunks.mkdir()
    write_rows(chunks / "instances.parquet", Instance, instances)
    for name, row_type in (
        ("questions", Question),
        ("document_questions", InstanceQuestion),
        ("labelled_examples", Segment),
    ):
        write_rows(chunks / f"{name}.parquet", row_type, [])
    config = select_rules(CONFIG, "de")
    groups, origins = shards.make_question_parts(
        find_chunk_inputs(chunks), config, 20, "made", assets, tmp_path / "parts", "de"
    )
    (tmp_path / "questions").mkdir()
    write_output_files(tmp_path / "questions", QUESTION_TABLES, groups, {})
    rows = list(read_rows(tmp_path / "questions" / "questions.parquet", InstanceQuestion))
    assert origins == {"cloze": 2}
    readers = [lambda: instances]
    assert rows == list(make_rule_questions(readers, readers, config, assets, {}, "de"))
    assert [row.question.answers for row in rows] == [["12. März 1897"], ["3. Mai 1911"]]
