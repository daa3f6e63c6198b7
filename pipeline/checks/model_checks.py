"""Checks that call a model, for many questions at once: closed book, and open book.

Closed book (paper): a question that a model answers without the text needs no memory. Open book (paper:
PerLTQA): a question that a model does not answer from its evidence has no answer there; a keyword that the
model does not find is not a gold answer. One that is to be abstained from must not be answered. Label
questions are not checked, since only the examples define the labels; summary questions are not checked closed
book.
"""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel

from pipeline.checks.context import CheckContext
from pipeline.core.params import ClosedBook, ModelSettings
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Question
from pipeline.llm.client import Job, LLMClient
from pipeline.llm.prompts import render_prompt
from pipeline.matching.match import matches_answer
from pipeline.text.abstention import is_abstention
from pipeline.text.normalize import contains_normalized, normalize_text

QuestionInContext = tuple[Question, CheckContext]
CheckResults = list[Question | Rejection]  # in the order of the questions

_CLOSED_BOOK_METRICS = {"contains", "judge", "token_f1"}
_ANSWER_INSTRUCTIONS = {
    "contains": "Answer in a few words.",
    "judge": "Answer in a few words.",
    "token_f1": "Answer in a few words.",
    "abstain": "Answer in a few words.",
    "number": "Answer with a number.",
    "keywords": "Name who, what, where and when, in a paragraph.",
}


class _Said(BaseModel):
    answer: str


def check_closed_book(
    questions: Sequence[QuestionInContext], params: ClosedBook, client: LLMClient
) -> CheckResults:
    """Drop a question that any sample of any model answers without the text."""
    results: CheckResults = [question for question, _ in questions]
    for model in params.models:
        samples = [
            (index, sample)
            for index, (question, _) in enumerate(questions)
            if question.metric in _CLOSED_BOOK_METRICS and not isinstance(results[index], Rejection)
            for sample in range(params.samples)
        ]
        jobs = [
            Job(
                questions[index][0].id,
                render_prompt("checks/closed_book", question=questions[index][0].text),
                _Said,
                sample,
            )
            for index, sample in samples
        ]
        for (index, _), result in zip(samples, client.run_jobs(jobs, model, "closed book"), strict=True):
            question = questions[index][0]
            if result.reply is None:
                results[index] = Rejection(f"closed book: {result.reason}", result.detail)
            elif matches_answer(result.reply.answer, question.answers, questions[index][1].language):
                detail = f"{model.name}: {result.reply.answer[:200]!r}"
                results[index] = Rejection("answered closed book", detail)
    return results


def check_open_book(
    questions: Sequence[QuestionInContext], model: ModelSettings, client: LLMClient
) -> CheckResults:
    """Drop a question that a model does not answer from its evidence, and keywords that it does not find.

    A question that asks to abstain is dropped where the model answers it.
    """
    results: CheckResults = [question for question, _ in questions]
    indices = [
        index for index, (question, _) in enumerate(questions) if question.metric in _ANSWER_INSTRUCTIONS
    ]
    jobs = [Job(questions[index][0].id, _open_book_prompt(*questions[index]), _Said) for index in indices]
    for index, result in zip(indices, client.run_jobs(jobs, model, "open book"), strict=True):
        if result.reply is None:
            results[index] = Rejection(f"open book: {result.reason}", result.detail)
        else:
            results[index] = _check_open_book_reply(*questions[index], result.reply.answer)
    return results


def _open_book_prompt(question: Question, context: CheckContext) -> list[dict[str, str]]:
    evidence = "\n".join(context.segment_texts[identity] for identity in question.evidence)
    instruction = _ANSWER_INSTRUCTIONS[question.metric]
    return render_prompt("checks/open_book", how=instruction, evidence=evidence, question=question.text)


def _check_open_book_reply(question: Question, context: CheckContext, reply: str) -> Question | Rejection:
    if question.metric == "abstain":
        if is_abstention(reply):
            return question
        return Rejection("answered open book", repr(reply[:200]))
    if question.metric != "keywords":
        if matches_answer(reply, question.answers, context.language):
            return question
        return Rejection("not answered open book", repr(reply[:200]))
    normalized_reply = normalize_text(reply)
    found = [answer for answer in question.answers if contains_normalized(normalized_reply, answer)]
    if len(found) < context.required_keywords(question):
        return Rejection("not answered open book", f"{len(found)} of {len(question.answers)} keywords")
    return replace(question, answers=found)
