"""Checks that ask a model, of many questions at once: closed book, and open book.

Closed book (paper): a question that a model answers without the text needs no memory. Open book (paper:
PerLTQA): a question that a model does not answer with the evidence before it has no answer there; of
keywords, those that it does not find are no gold answers. Labels, which only the examples tell, are not asked
for, nor is what a summary holds asked for without the text.
"""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel

from pipeline.checks.dropped import Dropped
from pipeline.checks.surroundings import Surroundings
from pipeline.endpoint.asking import Asker, Item
from pipeline.params import Ask, ClosedBook
from pipeline.prompts import prompt
from pipeline.schema import Question
from pipeline.text.matching.giving import gives
from pipeline.text.normal import holds, normalised

Around = tuple[Question, Surroundings]
Results = list[Question | Dropped]  # in the order of the questions

_HOW = {
    "contains": "Answer in a few words.",
    "judge": "Answer in a few words.",
    "keywords": "Name who, what, where and when, in a paragraph.",
}


class _Said(BaseModel):
    answer: str


def closed_book(questions: Sequence[Around], how: ClosedBook, asker: Asker) -> Results:
    """Drop a question that any sample of any model answers."""
    results: Results = [question for question, _ in questions]
    for ask in how.asks:
        places = [
            (place, sample)
            for place, (question, _) in enumerate(questions)
            if question.metric in ("contains", "judge") and not isinstance(results[place], Dropped)
            for sample in range(how.samples)
        ]
        items = [
            Item(
                questions[place][0].id,
                prompt("checks/closed_book", question=questions[place][0].text),
                _Said,
                sample,
            )
            for place, sample in places
        ]
        for (place, _), outcome in zip(places, asker.ask(items, ask, "closed book"), strict=True):
            question = questions[place][0]
            if outcome.reply is None:
                results[place] = Dropped(f"closed book: {outcome.reason}", outcome.detail)
            elif gives(outcome.reply.answer, question.answers):
                detail = f"{ask.model}: {outcome.reply.answer[:200]!r}"
                results[place] = Dropped("answered closed book", detail)
    return results


def open_book(questions: Sequence[Around], how: Ask, asker: Asker) -> Results:
    """Drop a question that is not answered with its evidence in view, and keywords that are not found."""
    results: Results = [question for question, _ in questions]
    places = [place for place, (question, _) in enumerate(questions) if question.metric in _HOW]
    items = [Item(questions[place][0].id, _open(*questions[place]), _Said) for place in places]
    for place, outcome in zip(places, asker.ask(items, how, "open book"), strict=True):
        if outcome.reply is None:
            results[place] = Dropped(f"open book: {outcome.reason}", outcome.detail)
        else:
            results[place] = _found(*questions[place], outcome.reply.answer)
    return results


def _open(question: Question, around: Surroundings) -> list[dict[str, str]]:
    evidence = "\n".join(around.segments[identity] for identity in question.evidence)
    how = _HOW[question.metric]
    return prompt("checks/open_book", how=how, evidence=evidence, question=question.text)


def _found(question: Question, around: Surroundings, reply: str) -> Question | Dropped:
    if question.metric != "keywords":
        if gives(reply, question.answers):
            return question
        return Dropped("not answered open book", repr(reply[:200]))
    said = normalised(reply)
    held = [answer for answer in question.answers if holds(said, answer)]
    if len(held) < around.least_keywords(question):
        return Dropped("not answered open book", f"{len(held)} of {len(question.answers)} keywords")
    return replace(question, answers=held)
