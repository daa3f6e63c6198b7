"""Reviews: a seeded sample of questions for a person to judge, and the verdicts that come back.

One CSV file for each source, reviews/<source>.csv: any spreadsheet opens it. A row is a question with its
answers and evidence; the person writes `good` or `bad` under verdict and a few words under why. Rows are
keyed by the question's id, so a verdict holds as long as question, answers and evidence stay the same.

A spreadsheet runs a cell that begins like a formula. Such a cell is written with an apostrophe before it
(OWASP, CSV injection), which is taken away when it is read.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pipeline import draws
from pipeline.errors import MemcurateError
from pipeline.folders import whole_file
from pipeline.schema import Instance, Origin, Question

COLUMNS = ("id", "verdict", "why", "question", "answers", "evidence")
_VERDICTS = ("", "good", "bad")

_LONGEST = 1 << 24  # characters of a cell: Python reads 131,072 unless told
_FORMULA = re.compile(r"(?<!')'*+[=+\-@\t\r\n＝＋－＠]")
_LINE_END = re.compile(r"\r\n|\n|\r")


def read_reviews(path: Path) -> list[dict[str, str]]:
    """The rows of a review file; `verdict` is good, bad, or empty where nobody judged yet.

    Raises MemcurateError that names the file and the line when it is missing, has other columns or verdicts,
    or holds a question twice.
    """
    return _parsed(path, _read(path))


def _read(path: Path) -> str:
    """The text of a review file, without the mark that spreadsheets put before it."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise MemcurateError(f"{path} is missing: write a line there: {','.join(COLUMNS)}") from None
    except UnicodeDecodeError as error:
        raise MemcurateError(f"{path}: this is no CSV file in UTF-8 ({error})") from None


def _parsed(path: Path, text: str) -> list[dict[str, str]]:
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST))
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""))
        columns = tuple(reader.fieldnames or ())
        if columns != COLUMNS:
            raise MemcurateError(
                f"{path}: the columns are {', '.join(columns)}; expected {', '.join(COLUMNS)}"
            )
        rows = []
        seen: set[str] = set()
        for cells in reader:
            if not any(cells.values()):
                continue  # spreadsheets leave empty rows at the end
            where = f"{path}, line {reader.line_num}"
            if None in cells or None in cells.values():
                raise MemcurateError(f"{where}: a row has {len(COLUMNS)} fields")
            row = {name: _from_cell(cell) for name, cell in cells.items()}
            row["verdict"] = row["verdict"].strip().lower()
            if row["verdict"] not in _VERDICTS:
                raise MemcurateError(f"{where}: verdict {row['verdict']!r}: write good or bad, or nothing")
            if row["id"] in seen:
                raise MemcurateError(f"{where}: question {row['id']} is judged twice")
            seen.add(row["id"])
            rows.append(row)
        return rows
    except csv.Error as error:
        raise MemcurateError(f"{path}: this is no CSV file in UTF-8 ({error})") from None


def add_reviews(path: Path, rows: Sequence[dict[str, str]]) -> None:
    """Add rows to the end of a review file: those that it has keep their bytes, and its line ends are kept.

    The file is written whole or not at all. Raises MemcurateError as `read_reviews` does, and where its last
    row is not complete, so that rows after it would be read as a part of it.
    """
    text = _read(path)
    before = _parsed(path, text)
    found = _LINE_END.search(text)
    end = found[0] if found else "\n"
    if _parsed(path, text + end) != before:
        raise MemcurateError(f"{path}: the last row is not complete (is a quotation mark missing?)")
    added = io.StringIO(newline="")
    writer = csv.DictWriter(added, COLUMNS, lineterminator=end, quoting=csv.QUOTE_ALL)  # for lone \r
    writer.writerows({name: _to_cell(cell) for name, cell in row.items()} for row in rows)
    more = ("" if text.endswith(("\n", "\r")) else end) + added.getvalue()
    _parsed(path, text + more)
    with whole_file(path) as aside:
        aside.write_bytes(path.read_bytes() + more.encode())


def _to_cell(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def _from_cell(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def judged_bad(rows: Iterable[dict[str, str]]) -> dict[str, str]:
    """Why, by the id of each question that was judged bad."""
    return {row["id"]: row["why"].strip() or "judged bad" for row in rows if row["verdict"] == "bad"}


def sample(
    instances: Iterable[Instance], origin: Origin | None, known: set[str], count: int, seed: int
) -> list[dict[str, str]]:
    """Rows for `count` questions that are not known yet, of one origin or of all, drawn by seed."""
    rows = [row for instance in instances for row in _rows(instance, origin) if row["id"] not in known]
    return draws.shuffled(rows, lambda row: row["id"], seed, "review")[:count]


def _rows(instance: Instance, origin: Origin | None) -> Iterator[dict[str, str]]:
    texts = {
        segment.id: chunk.text[segment.start : segment.end]
        for chunk in instance.chunks
        for segment in chunk.segments
    }
    for question in instance.questions:
        if origin is not None and question.origin != origin:
            continue
        yield dict(zip(COLUMNS, (question.id, "", "", *_shown(question, texts)), strict=True))


def _shown(question: Question, texts: dict[str, str]) -> tuple[str, str, str]:
    """Question, answers and evidence as a person reads them; of much evidence the first five segments."""
    evidence = [" ".join(texts[identity].split()) for identity in question.evidence]
    more = [f"… and {len(evidence) - 5} more"] if len(evidence) > 5 else []
    return question.text, " | ".join(question.answers), "\n".join(evidence[:5] + more)
