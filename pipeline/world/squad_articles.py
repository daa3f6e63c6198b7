"""Read the articles of a SQuAD file, as far as corrections need them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core.errors import MemcurateError
from pipeline.core.json_reader import InvalidJsonError, load_json
from pipeline.core.unicode import is_well_formed

_UTF8_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class SquadQuestion:
    """A question; without answers, where it has none or is impossible."""

    index: int  # in the paragraph's `qas`
    id: str  # empty: it has none
    text: str
    answers: tuple[str, ...]  # distinct, in order


@dataclass(frozen=True, slots=True)
class SquadParagraph:
    """A paragraph with its questions."""

    index: int  # in the article's `paragraphs`
    text: str  # not blank
    questions: tuple[SquadQuestion, ...]


@dataclass(frozen=True, slots=True)
class SquadArticle:
    """An article with its paragraphs."""

    index: int  # in the file's `data`
    title: str  # with spaces
    paragraphs: tuple[SquadParagraph, ...]


def read_articles(path: Path) -> list[SquadArticle]:
    """Return the articles of a file. Malformed records are left out: the format rejects them by name.

    Raises MemcurateError when the file is not JSON, or not a SQuAD file.
    """
    try:
        values = load_json(path.read_bytes().removeprefix(_UTF8_BOM))
    except InvalidJsonError as error:
        raise MemcurateError(f"corrections: {path} is not valid JSON: {error}") from error
    if not isinstance(values, dict) or not isinstance(values.get("data"), list):
        raise MemcurateError(
            f"corrections: {path} is not a SQuAD file, which is an object with a list `data`: name SQuAD "
            "files in `files`"
        )
    return [
        SquadArticle(
            index, article["title"].replace("_", " "), tuple(_iter_paragraphs(article["paragraphs"]))
        )
        for index, article in enumerate(values["data"])
        if isinstance(article, dict)
        and _is_text(article.get("title"))
        and isinstance(article.get("paragraphs"), list)
    ]


def _iter_paragraphs(paragraphs: list[Any]) -> Iterator[SquadParagraph]:
    for index, paragraph in enumerate(paragraphs):
        if not isinstance(paragraph, dict):
            continue
        text, questions = paragraph.get("context"), paragraph.get("qas")
        if isinstance(text, str) and _is_text(text) and isinstance(questions, list):
            yield SquadParagraph(index, text, tuple(_iter_questions(questions)))


def _iter_questions(questions: list[Any]) -> Iterator[SquadQuestion]:
    for index, question in enumerate(questions):
        if not isinstance(question, dict):
            continue
        text, answers, identity = (question.get(key) for key in ("question", "answers", "id"))
        if not isinstance(text, str) or not _is_text(text) or not isinstance(answers, list):
            continue
        texts = [] if question.get("is_impossible") else [_answer_text(answer) for answer in answers]
        distinct = tuple(dict.fromkeys(filter(None, texts)))
        name = identity if isinstance(identity, str) and _is_text(identity) else ""
        yield SquadQuestion(index, name, text.strip(), distinct)


def _answer_text(answer: Any) -> str:
    text = answer.get("text") if isinstance(answer, dict) else None
    return text.strip() if isinstance(text, str) and _is_text(text) else ""


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and is_well_formed(value)
