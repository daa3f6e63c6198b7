"""Shorten long answers to keywords with a model (paper: PerLTQA).

A keyword has at most three words, all of them words of the answer.
"""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel

from pipeline.core.ids import short_id
from pipeline.core.params import ModelSettings
from pipeline.core.rejection import make_question_reject
from pipeline.core.schema import InstanceQuestion, Reject
from pipeline.llm.client import Job, LLMClient
from pipeline.llm.prompts import render_prompt
from pipeline.questions.rules.summary import MAX_KEYWORD_WORDS
from pipeline.text.normalize import words


class _Short(BaseModel):
    answer: str


def shorten_answers(
    questions: Sequence[InstanceQuestion], model: ModelSettings, client: LLMClient, source: str
) -> tuple[list[InstanceQuestion], list[Reject]]:
    """Shorten the long answers of a source's questions to keywords.

    Questions with short answers come first, in their order; then those that were shortened, measured by
    `keywords`.

    Returns:
        The questions, and a reject for each whose answer the model could not shorten.
    """
    long_rows = [row for row in questions if _is_long(row)]
    jobs = [
        Job(
            row.question.id,
            render_prompt(
                "questions/answer_shortening", question=row.question.text, answer=row.question.answers[0]
            ),
            _Short,
        )
        for row in long_rows
    ]
    kept = [row for row in questions if not _is_long(row)]
    rejects: list[Reject] = []
    for row, result in zip(long_rows, client.run_jobs(jobs, model, "shortened answers"), strict=True):
        question = row.question
        if result.reply is None:
            reason = f"answer not shortened: {result.reason}"
            rejects.append(make_question_reject(source, "question", question, reason, result.detail))
            continue
        parts = [part.strip(" .") for part in result.reply.answer.split(";") if part.strip(" .")]
        problem = _find_problem(parts, question.answers[0])
        if problem:
            detail = f"{problem}: {result.reply.answer[:200]!r}"
            rejects.append(make_question_reject(source, "question", question, "answer not shortened", detail))
        else:
            question_id = short_id(source, question.id, *parts)
            shortened = replace(question, id=question_id, answers=parts, metric="keywords")
            kept.append(InstanceQuestion(row.instance, shortened))
    return kept, rejects


def _is_long(row: InstanceQuestion) -> bool:
    question = row.question
    return question.metric in ("contains", "judge") and all(
        len(answer.split()) > MAX_KEYWORD_WORDS for answer in question.answers
    )


def _find_problem(parts: Sequence[str], answer: str) -> str | None:
    """Say what is wrong with the parts of a shortened answer; None where nothing is."""
    if not parts:
        return "nothing is left"
    if any(len(part.split()) > MAX_KEYWORD_WORDS for part in parts):
        return f"a part has more than {MAX_KEYWORD_WORDS} words"
    new_words = set(words(" ".join(parts))) - set(words(answer))
    return f"words that the answer does not have, such as {min(new_words)}" if new_words else None
