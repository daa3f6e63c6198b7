"""Human review: a seeded sample of questions for a person to judge, and the person's verdicts.

Each source has one CSV file, reviews/<source>.csv, for any spreadsheet. A row is a question with its answers
and evidence; the person writes `good` or `bad` under verdict and a few words under why. Rows are keyed by the
question's id, so a verdict holds as long as question, answers and evidence stay the same.

A spreadsheet runs a cell that begins like a formula. Such a cell is written with an apostrophe before it
(OWASP, CSV injection), which is removed when the file is read.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.core import seeded_random
from pipeline.core.atomic import atomic_file
from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Instance, Origin, Question, segment_texts_by_id

COLUMNS = ("id", "verdict", "why", "question", "answers", "evidence")
_VERDICTS = ("", "good", "bad")

_MAX_CELL_LENGTH = 1 << 24  # in characters; Python's default is 131,072
_FORMULA = re.compile(r"(?<!')'*+[=+\-@\t\r\n＝＋－＠]")
_LINE_END = re.compile(r"\r\n|\n|\r")


def read_reviews(path: Path) -> list[dict[str, str]]:
    """Read the rows of a review file; `verdict` is good, bad, or empty where nobody judged yet.

    A missing file has no rows. Raises MemcurateError, with the file and the line, when the file has other
    columns or verdicts, or holds a question twice.
    """
    return _parse_reviews(path, _read_text(path))


def _read_text(path: Path) -> str:
    """Read the text of a review file, without the byte order mark of spreadsheets; of none, the header."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return ",".join(COLUMNS) + "\n"
    except UnicodeDecodeError as error:
        raise MemcurateError(f"{path}: not a CSV file in UTF-8 ({error}): save it as one") from None


def _parse_reviews(path: Path, text: str) -> list[dict[str, str]]:
    csv.field_size_limit(max(csv.field_size_limit(), _MAX_CELL_LENGTH))
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
                raise MemcurateError(
                    f"{where}: expected {len(COLUMNS)} fields ({', '.join(COLUMNS)}), found more or fewer: "
                    "is a comma or a quotation mark missing?"
                )
            row = {name: _unescape_cell(cell) for name, cell in cells.items()}
            row["verdict"] = row["verdict"].strip().lower()
            if row["verdict"] not in _VERDICTS:
                raise MemcurateError(
                    f"{where}: unknown verdict {row['verdict']!r}: write good or bad, or leave it empty"
                )
            if row["id"] in seen:
                raise MemcurateError(
                    f"{where}: question {row['id']} is in the file twice: remove one of the rows"
                )
            seen.add(row["id"])
            rows.append(row)
        return rows
    except csv.Error as error:
        raise MemcurateError(f"{path}: not a CSV file in UTF-8 ({error}): save it as one") from None


def append_reviews(path: Path, rows: Sequence[dict[str, str]]) -> None:
    """Append rows to a review file; its present rows keep their bytes, and new rows have its line ends.

    The file is written atomically. Raises MemcurateError as `read_reviews` does, and when its last row is not
    complete, so that rows after it would be read as a part of it.
    """
    text = _read_text(path)
    before = _parse_reviews(path, text)
    match = _LINE_END.search(text)
    line_end = match[0] if match else "\n"
    if _parse_reviews(path, text + line_end) != before:
        raise MemcurateError(
            f"{path}: the last row is not complete (is a quotation mark missing?): complete or remove it"
        )
    buffer = io.StringIO(newline="")
    # All cells are quoted, since a lone \r is not quoted by itself.
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows({name: _escape_cell(cell) for name, cell in row.items()} for row in rows)
    addition = ("" if text.endswith(("\n", "\r")) else line_end) + buffer.getvalue()
    _parse_reviews(path, text + addition)
    with atomic_file(path) as temporary_path:
        before_bytes = path.read_bytes() if path.exists() else text.encode()
        temporary_path.write_bytes(before_bytes + addition.encode())


def _escape_cell(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def _unescape_cell(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def collect_bad_verdicts(rows: Iterable[dict[str, str]]) -> dict[str, str]:
    """Return the reason of each question that was judged bad, by the question's id."""
    return {row["id"]: row["why"].strip() or "judged bad" for row in rows if row["verdict"] == "bad"}


def sample_for_review(
    instances: Iterable[Instance], origin: Origin | None, reviewed_ids: set[str], count: int, seed: int
) -> list[dict[str, str]]:
    """Draw `count` questions that are not in `reviewed_ids`, of one origin or of all, as review rows."""
    rows = [
        row
        for instance in instances
        for row in _review_rows(instance, origin)
        if row["id"] not in reviewed_ids
    ]
    return seeded_random.shuffled(rows, lambda row: row["id"], seed, "review")[:count]


def _review_rows(instance: Instance, origin: Origin | None) -> Iterator[dict[str, str]]:
    texts = segment_texts_by_id(instance)
    for question in instance.questions:
        if origin is not None and question.origin != origin:
            continue
        yield dict(zip(COLUMNS, (question.id, "", "", *_format_question(question, texts)), strict=True))


def _format_question(question: Question, texts: dict[str, str]) -> tuple[str, str, str]:
    """Return question, answers and evidence as a person reads them; at most five segments of evidence."""
    evidence = [" ".join(texts[identity].split()) for identity in question.evidence]
    more = [f"… and {len(evidence) - 5} more"] if len(evidence) > 5 else []
    return question.text, " | ".join(question.answers), "\n".join(evidence[:5] + more)
