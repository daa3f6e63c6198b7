"""Review files are read and extended without loss, and samples for review are stable."""

import csv
from collections.abc import Set
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.checks.human_review import (
    COLUMNS,
    append_reviews,
    collect_bad_verdicts,
    read_reviews,
    sample_for_review,
)
from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Instance, Origin
from tests.integration.project import tree
from tests.pipeline.questions.factories import make_instance, make_question

HEADER = ",".join(COLUMNS)


def make_row(identity: str, verdict: str = "", why: str = "") -> dict[str, str]:
    values = (identity, verdict, why, "Who?\nAnd \"where\", 'when'?", "Ann | ben, c", "x;\n\ny")
    return dict(zip(COLUMNS, values, strict=True))


# Files


FORMULAS = ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1", "'=1", "''-1", "'x", "1+1", ""]
CELLS = st.one_of(
    st.sampled_from(FORMULAS), st.text(alphabet="'=+-@\t\r\n\", ab", max_size=6), st.text(max_size=8)
)
ROWS = st.lists(
    st.fixed_dictionaries(
        dict.fromkeys(COLUMNS, CELLS) | {"verdict": st.sampled_from(["", "good", "bad"])}
    ).filter(lambda one: any(one.values())),
    max_size=4,
    unique_by=lambda one: one["id"],
)


@settings(max_examples=300, deadline=None)
@given(
    rows=ROWS,
    more=ROWS,
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    has_last_line_end=st.booleans(),
    has_bom=st.booleans(),
)
def test_appended_rows_are_read_back_and_earlier_rows_keep_their_bytes(
    rows: list[dict[str, str]],
    more: list[dict[str, str]],
    end: str,
    has_last_line_end: bool,
    has_bom: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.getbasetemp() / "reviews.csv"
    path.write_bytes(
        ("\ufeff" if has_bom else "").encode() + (HEADER + (end if has_last_line_end else "")).encode()
    )
    append_reviews(path, rows)
    before = path.read_bytes()
    new = [one for one in more if one["id"] not in {row["id"] for row in rows}]
    append_reviews(path, new)
    assert read_reviews(path) == rows + new
    assert path.read_bytes().startswith(before)


@settings(max_examples=300, deadline=None)
@given(rows=ROWS)
def test_no_cell_begins_like_a_formula(
    rows: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = save_file(tmp_path_factory.getbasetemp() / "cells.csv", HEADER)
    append_reviews(path, rows)
    with path.open(encoding="utf-8", newline="") as file:
        cells = [cell for one in csv.reader(file) for cell in one]
    assert [cell for cell in cells if cell.startswith(tuple("=+-@\t\r\n＝＋－＠"))] == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("has_last_line_end", [True, False])
def test_a_file_keeps_its_quoting_and_its_line_ends(
    end: str, encoding: str, has_last_line_end: bool, tmp_path: Path
) -> None:
    lines = [HEADER, 'made/a,Bad,why not,"Who?",Ann,é', 'made/b,"good",,Who?,Ann,=1']
    path = save_file(tmp_path / "made.csv", *lines, encoding=encoding, end=end)
    if not has_last_line_end:
        path.write_bytes(path.read_bytes().removesuffix(end.encode()))
    before = path.read_bytes()
    append_reviews(path, [make_row("made/c", "good")])
    added = path.read_bytes().removeprefix(before).decode()
    assert added.startswith(("" if has_last_line_end else end) + '"made/c","good"') and added.endswith(
        '"' + end
    )
    assert [one["id"] for one in read_reviews(path)] == ["made/a", "made/b", "made/c"]


def test_an_incomplete_last_row_is_an_error(tmp_path: Path) -> None:
    path = save_file(tmp_path / "made.csv", HEADER, 'made/a,bad,,Who?,Ann,"x')
    before = tree(tmp_path)
    with pytest.raises(MemcurateError, match=r"made\.csv: the last row is not complete"):
        append_reviews(path, [make_row("made/b")])
    assert tree(tmp_path) == before


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = save_file(tmp_path / "made.csv", HEADER, "made/a,bad,,Who?,Ann,x")
    before = tree(tmp_path)
    with pytest.raises(ValueError, match="score"):
        append_reviews(path, [make_row("made/b"), {"score": "1"}])
    with pytest.raises(MemcurateError, match="made/a is in the file twice"):
        append_reviews(path, [make_row("made/a")])
    assert tree(tmp_path) == before


def test_evidence_may_have_any_length(tmp_path: Path) -> None:
    path = save_file(tmp_path / "made.csv", HEADER)
    long = make_row("made/a") | {"evidence": "x" * 1_000_000}
    append_reviews(path, [long])
    assert read_reviews(path) == [long]


def save_file(path: Path, *lines: str, encoding: str = "utf-8", end: str = "\n") -> Path:
    path.write_bytes("".join(line + end for line in lines).encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_files_that_spreadsheets_save_are_read(encoding: str, end: str, tmp_path: Path) -> None:
    lines = [
        HEADER,
        f'"made/a","Bad ","two  answers ","Who?{end}And ""where""?",Ann,"x, y"',
        "made/b, GOOD,,Who?,Ann,é",
        "made/c,  ,not sure,Who?,Ann,",
        "",
    ]
    rows = read_reviews(save_file(tmp_path / "made.csv", *lines, encoding=encoding, end=end))
    assert [(one["id"], one["verdict"], one["why"]) for one in rows] == [
        ("made/a", "bad", "two  answers "),
        ("made/b", "good", ""),
        ("made/c", "", "not sure"),
    ]
    assert (rows[0]["question"], rows[1]["evidence"]) == (f'Who?{end}And "where"?', "é")
    assert collect_bad_verdicts(rows) == {"made/a": "two  answers"}


def test_a_bad_verdict_needs_no_reason() -> None:
    rows = [
        make_row("made/a", "bad"),
        make_row("made/b", "bad", " \n"),
        make_row("made/c", "good", "fine"),
        make_row("made/d"),
    ]
    assert collect_bad_verdicts(rows) == {"made/a": "judged bad", "made/b": "judged bad"}


GOOD_LINE = "made/a,bad,,Who?,Ann,x"
QUOTED_LINE = 'made/a,bad,,"Who?\nAnd where?",Ann,x'


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            ["id,verdict,question", "a,bad,x"],
            ["columns are id, verdict, question", "expected id, verdict, w"],
        ),
        ([HEADER.replace(",", ";"), GOOD_LINE.replace(",", ";")], ["columns are id;verdict;why"]),
        ([], ["columns are ; expected"]),
        (
            [HEADER, GOOD_LINE, "made/b,wrong,,Who?,Ann,x"],
            ["line 3", "'wrong'", "good or bad, or leave it empty"],
        ),
        ([HEADER, QUOTED_LINE, "made/b,bad?,,Who?,Ann,x"], ["line 4", "'bad?'"]),
        ([HEADER, GOOD_LINE, "made/b,bad,,Who?,Ann"], ["line 3", "6 fields"]),
        ([HEADER, GOOD_LINE, "made/b,bad,,Who?,Ann,x,y"], ["line 3", "6 fields"]),
        (
            [HEADER, QUOTED_LINE, "made/b,good,,,,", "made/a,good,,,,"],
            ["line 5", "made/a is in the file twice"],
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(lines: list[str], expected: list[str], tmp_path: Path) -> None:
    assert_error_names(save_file(tmp_path / "made.csv", *lines), expected)


def assert_error_names(path: Path, expected: list[str]) -> None:
    with pytest.raises(MemcurateError) as caught:
        read_reviews(path)
    assert [part for part in (str(path), *expected) if part not in str(caught.value)] == [], caught.value


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_another_encoding_is_an_error(encoding: str, tmp_path: Path) -> None:
    assert_error_names(
        save_file(tmp_path / "made.csv", HEADER, "é,bad,,,,", encoding=encoding), ["not a CSV file in UTF-8"]
    )


def test_a_missing_file_has_no_rows_and_is_made(tmp_path: Path) -> None:
    path = tmp_path / "made.csv"
    assert read_reviews(path) == []
    append_reviews(path, [make_row("made/a", "good")])
    assert read_reviews(path) == [make_row("made/a", "good")]


# Samples

SEGMENTS = {f"made/{key}": f"The owl {key}\n lives in  a barn." for key in "stuvwxy"}
ORIGINS: list[Origin] = ["source", "cloze", "cloze", "summary"]
EMPTY: Set[str] = frozenset()


def make_reviewed_instance(name: str) -> Instance:
    """Make an instance with a question of each of ORIGINS."""
    questions = [
        replace(make_question(f"{name}{number}"), origin=origin) for number, origin in enumerate(ORIGINS)
    ]
    return replace(make_instance(name, SEGMENTS), questions=questions)


INSTANCES = [make_reviewed_instance(f"made/{key}") for key in "abcdefgh"]
IDS = {question.id for one in INSTANCES for question in one.questions}


def draw_ids(
    count: int, reviewed_ids: Set[str] = EMPTY, origin: Origin | None = None, seed: int = 20
) -> list[str]:
    return [one["id"] for one in sample_for_review(INSTANCES, origin, set(reviewed_ids), count, seed)]


def test_a_sample_is_the_same_each_time() -> None:
    rows = sample_for_review(INSTANCES, None, set(), 12, 20)
    assert len({one["id"] for one in rows} & IDS) == 12
    assert sample_for_review(iter(INSTANCES[::-1]), None, set(), 12, 20) == rows
    assert len({tuple(draw_ids(12, seed=seed)) for seed in range(3)}) == 3


@pytest.mark.parametrize("origin", [None, "cloze"])
@pytest.mark.parametrize("first", [1, 5, 10])
def test_a_sample_can_be_drawn_in_parts(first: int, origin: Origin | None) -> None:
    """Ten and then five are the same rows as fifteen at once."""
    some = draw_ids(first, origin=origin)
    assert some + draw_ids(15 - first, set(some), origin) == draw_ids(15, origin=origin)


def test_reviewed_questions_are_not_drawn_again() -> None:
    reviewed_ids = set(draw_ids(20)) | {"made/none"}
    rest = draw_ids(100, reviewed_ids)
    assert set(rest) == IDS - reviewed_ids
    assert len(rest) == 12
    assert draw_ids(100, IDS) == []


def test_other_questions_do_not_change_the_order_of_a_sample() -> None:
    """Among all questions, those of some instances come in the same order as alone."""
    some = [one["id"] for one in sample_for_review(INSTANCES[:3], None, set(), 100, 20)]
    assert [identity for identity in draw_ids(100) if identity in set(some)] == some


@pytest.mark.parametrize("origin", ["source", "cloze", "summary", "generated"])
def test_a_sample_may_have_one_origin_only(origin: Origin) -> None:
    found = draw_ids(100, origin=origin)
    assert sorted(found) == sorted(
        question.id for one in INSTANCES for question in one.questions if question.origin == origin
    )


@pytest.mark.parametrize(
    ("evidence", "shown"),
    [
        (["made/s"], "The owl s lives in a barn."),
        ([f"made/{key}" for key in "tsu"], "\n".join(f"The owl {key} lives in a barn." for key in "tsu")),
        (
            list(SEGMENTS),
            "\n".join([f"The owl {key} lives in a barn." for key in "stuvw"] + ["… and 2 more"]),
        ),
    ],
)
def test_a_row_shows_question_answers_and_evidence(evidence: list[str], shown: str) -> None:
    question = make_question(text="Where?\nThe ____.", answers=["a barn", "barn"], evidence=evidence)
    made = replace(make_instance("made/i", SEGMENTS), questions=[question])
    assert sample_for_review([made], None, set(), 1, 20) == [
        {
            "id": "made/q",
            "verdict": "",
            "why": "",
            "question": "Where?\nThe ____.",
            "answers": "a barn | barn",
            "evidence": shown,
        }
    ]
