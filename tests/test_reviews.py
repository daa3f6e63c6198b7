"""Review files that people save, and samples that they are given to judge."""

import csv
from collections.abc import Set
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import MemcurateError
from pipeline.reviews import COLUMNS, add_reviews, judged_bad, read_reviews, sample
from pipeline.schema import Instance, Origin
from tests.graph.project import tree
from tests.questions.making import make_instance, make_question

HEADER = ",".join(COLUMNS)


def row(identity: str, verdict: str = "", why: str = "") -> dict[str, str]:
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
    rows=ROWS, more=ROWS, end=st.sampled_from(["\n", "\r\n", "\r"]), last=st.booleans(), mark=st.booleans()
)
def test_rows_come_back_and_those_before_keep_their_bytes(
    rows: list[dict[str, str]],
    more: list[dict[str, str]],
    end: str,
    last: bool,
    mark: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.getbasetemp() / "reviews.csv"
    path.write_bytes(("\ufeff" if mark else "").encode() + (HEADER + (end if last else "")).encode())
    add_reviews(path, rows)
    before = path.read_bytes()
    new = [one for one in more if one["id"] not in {row["id"] for row in rows}]
    add_reviews(path, new)
    assert read_reviews(path) == rows + new
    assert path.read_bytes().startswith(before)


@settings(max_examples=300, deadline=None)
@given(rows=ROWS)
def test_no_cell_begins_like_a_formula(
    rows: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = saved(tmp_path_factory.getbasetemp() / "cells.csv", HEADER)
    add_reviews(path, rows)
    with path.open(encoding="utf-8", newline="") as file:
        cells = [cell for one in csv.reader(file) for cell in one]
    assert [cell for cell in cells if cell.startswith(tuple("=+-@\t\r\n＝＋－＠"))] == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("last", [True, False])
def test_a_file_keeps_its_quoting_and_its_line_ends(
    end: str, encoding: str, last: bool, tmp_path: Path
) -> None:
    lines = [HEADER, 'made/a,Bad,why not,"Who?",Ann,é', 'made/b,"good",,Who?,Ann,=1']
    path = saved(tmp_path / "made.csv", *lines, encoding=encoding, end=end)
    if not last:
        path.write_bytes(path.read_bytes().removesuffix(end.encode()))
    before = path.read_bytes()
    add_reviews(path, [row("made/c", "good")])
    added = path.read_bytes().removeprefix(before).decode()
    assert added.startswith(("" if last else end) + '"made/c","good"') and added.endswith('"' + end)
    assert [one["id"] for one in read_reviews(path)] == ["made/a", "made/b", "made/c"]


def test_a_last_row_that_is_not_complete(tmp_path: Path) -> None:
    path = saved(tmp_path / "made.csv", HEADER, 'made/a,bad,,Who?,Ann,"x')
    before = tree(tmp_path)
    with pytest.raises(MemcurateError, match=r"made\.csv: the last row is not complete"):
        add_reviews(path, [row("made/b")])
    assert tree(tmp_path) == before


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = saved(tmp_path / "made.csv", HEADER, "made/a,bad,,Who?,Ann,x")
    before = tree(tmp_path)
    with pytest.raises(ValueError, match="score"):
        add_reviews(path, [row("made/b"), {"score": "1"}])
    with pytest.raises(MemcurateError, match="made/a is judged twice"):
        add_reviews(path, [row("made/a")])
    assert tree(tmp_path) == before


def test_evidence_of_any_length(tmp_path: Path) -> None:
    path = saved(tmp_path / "made.csv", HEADER)
    long = row("made/a") | {"evidence": "x" * 1_000_000}
    add_reviews(path, [long])
    assert read_reviews(path) == [long]


def saved(path: Path, *lines: str, encoding: str = "utf-8", end: str = "\n") -> Path:
    path.write_bytes("".join(line + end for line in lines).encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_spreadsheets_save(encoding: str, end: str, tmp_path: Path) -> None:
    lines = [
        HEADER,
        f'"made/a","Bad ","two  answers ","Who?{end}And ""where""?",Ann,"x, y"',
        "made/b, GOOD,,Who?,Ann,é",
        "made/c,  ,not sure,Who?,Ann,",
        "",
    ]
    rows = read_reviews(saved(tmp_path / "made.csv", *lines, encoding=encoding, end=end))
    assert [(one["id"], one["verdict"], one["why"]) for one in rows] == [
        ("made/a", "bad", "two  answers "),
        ("made/b", "good", ""),
        ("made/c", "", "not sure"),
    ]
    assert (rows[0]["question"], rows[1]["evidence"]) == (f'Who?{end}And "where"?', "é")
    assert judged_bad(rows) == {"made/a": "two  answers"}


def test_why_may_be_missing() -> None:
    rows = [row("made/a", "bad"), row("made/b", "bad", " \n"), row("made/c", "good", "fine"), row("made/d")]
    assert judged_bad(rows) == {"made/a": "judged bad", "made/b": "judged bad"}


FINE = "made/a,bad,,Who?,Ann,x"
QUOTED = 'made/a,bad,,"Who?\nAnd where?",Ann,x'


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            ["id,verdict,question", "a,bad,x"],
            ["columns are id, verdict, question", "expected id, verdict, w"],
        ),
        ([HEADER.replace(",", ";"), FINE.replace(",", ";")], ["columns are id;verdict;why"]),
        ([], ["columns are ; expected"]),
        ([HEADER, FINE, "made/b,wrong,,Who?,Ann,x"], ["line 3", "'wrong'", "good or bad, or nothing"]),
        ([HEADER, QUOTED, "made/b,bad?,,Who?,Ann,x"], ["line 4", "'bad?'"]),
        ([HEADER, FINE, "made/b,bad,,Who?,Ann"], ["line 3", "6 fields"]),
        ([HEADER, FINE, "made/b,bad,,Who?,Ann,x,y"], ["line 3", "6 fields"]),
        ([HEADER, QUOTED, "made/b,good,,,,", "made/a,good,,,,"], ["line 5", "made/a is judged twice"]),
    ],
)
def test_what_is_wrong_is_told(lines: list[str], told: list[str], tmp_path: Path) -> None:
    refused(saved(tmp_path / "made.csv", *lines), told)


def refused(path: Path, told: list[str]) -> None:
    with pytest.raises(MemcurateError) as caught:
        read_reviews(path)
    assert [part for part in (str(path), *told) if part not in str(caught.value)] == [], caught.value


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_another_encoding(encoding: str, tmp_path: Path) -> None:
    refused(saved(tmp_path / "made.csv", HEADER, "é,bad,,,,", encoding=encoding), ["no CSV file in UTF-8"])


def test_a_missing_file(tmp_path: Path) -> None:
    refused(tmp_path / "made.csv", ["missing", HEADER])


# Samples

SEGMENTS = {f"made/{key}": f"The owl {key}\n lives in  a barn." for key in "stuvwxy"}
ORIGINS: list[Origin] = ["carried", "cloze", "cloze", "summary"]
EMPTY: Set[str] = frozenset()


def instance(name: str) -> Instance:
    """An instance with a question of each of ORIGINS."""
    questions = [
        replace(make_question(f"{name}{number}"), origin=origin) for number, origin in enumerate(ORIGINS)
    ]
    return replace(make_instance(name, SEGMENTS), questions=questions)


INSTANCES = [instance(f"made/{key}") for key in "abcdefgh"]
IDS = {question.id for one in INSTANCES for question in one.questions}


def drawn(count: int, known: Set[str] = EMPTY, origin: Origin | None = None, seed: int = 20) -> list[str]:
    return [one["id"] for one in sample(INSTANCES, origin, set(known), count, seed)]


def test_a_sample_is_the_same_each_time() -> None:
    rows = sample(INSTANCES, None, set(), 12, 20)
    assert len({one["id"] for one in rows} & IDS) == 12
    assert sample(iter(INSTANCES[::-1]), None, set(), 12, 20) == rows
    assert len({tuple(drawn(12, seed=seed)) for seed in range(3)}) == 3


@pytest.mark.parametrize("origin", [None, "cloze"])
@pytest.mark.parametrize("first", [1, 5, 10])
def test_a_sample_can_be_drawn_bit_by_bit(first: int, origin: Origin | None) -> None:
    """Ten and then five are the same rows as fifteen at once."""
    some = drawn(first, origin=origin)
    assert some + drawn(15 - first, set(some), origin) == drawn(15, origin=origin)


def test_what_is_known_is_not_drawn_again() -> None:
    known = set(drawn(20)) | {"made/none"}
    rest = drawn(100, known)
    assert set(rest) == IDS - known
    assert len(rest) == 12
    assert drawn(100, IDS) == []


def test_other_questions_do_not_move_a_sample() -> None:
    """Of all questions those of some instances come in the same order as alone."""
    some = [one["id"] for one in sample(INSTANCES[:3], None, set(), 100, 20)]
    assert [identity for identity in drawn(100) if identity in set(some)] == some


@pytest.mark.parametrize("origin", ["carried", "cloze", "summary", "written"])
def test_of_one_origin_only(origin: Origin) -> None:
    found = drawn(100, origin=origin)
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
    assert sample([made], None, set(), 1, 20) == [
        {
            "id": "made/q",
            "verdict": "",
            "why": "",
            "question": "Where?\nThe ____.",
            "answers": "a barn | barn",
            "evidence": shown,
        }
    ]
