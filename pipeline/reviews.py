"""Reviews: a seeded sample of questions for a person to judge, and the verdicts that come back.

One CSV file for each source, reviews/<source>.csv: any spreadsheet opens it. A row is a question with its
answers and evidence; the person writes `good` or `bad` under verdict and a few words under why. Rows are
keyed by the question's id, so a verdict holds as long as question, answers and evidence stay the same.
"""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline import draws
from pipeline.errors import MemcurateError
from pipeline.schema import Instance, Origin, Question

COLUMNS = ("id", "verdict", "why", "question", "answers", "evidence")
_VERDICTS = ("", "good", "bad")


def read_reviews(path: Path) -> list[dict[str, str]]:
    """The rows of a review file; `verdict` is good, bad, or empty where nobody judged yet.

    Raises MemcurateError that names the file and the line when it is missing, has other columns or verdicts,
    or holds a question twice.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = tuple(reader.fieldnames or ())
            if columns != COLUMNS:
                raise MemcurateError(
                    f"{path}: the columns are {', '.join(columns)}; expected {', '.join(COLUMNS)}"
                )
            rows = []
            seen: set[str] = set()
            for row in reader:
                if not any(row.values()):
                    continue  # spreadsheets leave empty rows at the end
                where = f"{path}, line {reader.line_num}"
                if None in row or None in row.values():
                    raise MemcurateError(f"{where}: a row has {len(COLUMNS)} fields")
                row["verdict"] = row["verdict"].strip().lower()
                if row["verdict"] not in _VERDICTS:
                    raise MemcurateError(
                        f"{where}: verdict {row['verdict']!r}: write good or bad, or nothing"
                    )
                if row["id"] in seen:
                    raise MemcurateError(f"{where}: question {row['id']} is judged twice")
                seen.add(row["id"])
                rows.append(row)
            return rows
    except FileNotFoundError:
        raise MemcurateError(f"{path} is missing: write a line there: {','.join(COLUMNS)}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise MemcurateError(f"{path}: this is no CSV file in UTF-8 ({error})") from None


def write_reviews(path: Path, rows: Iterable[dict[str, str]]) -> None:
    """Write a review file, whole or not at all."""
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n", quoting=csv.QUOTE_ALL)  # for lone \r
        writer.writeheader()
        writer.writerows(rows)
    partial.replace(path)


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
