"""Locate what a document brings along, its questions and facts, in the chunks of its instance."""

from collections.abc import Sequence
from dataclasses import replace

from pipeline.core.rejection import make_question_reject
from pipeline.core.schema import Fact, Instance, InstanceQuestion, Question, Reject, locate_segments
from pipeline.sources.parsed import Book, Document


def attach_questions(
    document: Book | Document, instances: Sequence[Instance], source: str
) -> tuple[list[InstanceQuestion], list[Reject]]:
    """Return the questions of a document that makes one instance, and rejects; set the instance's facts.

    A question has its evidence located, and the chunk after which it is asked. It is rejected where the
    evidence was left out, where that chunk holds what may change its answer, or where the document makes
    several instances, none of which it is about alone.
    """
    if len(instances) != 1:
        return [], _reject_divided(document, len(instances), source)
    instance = instances[0]
    if isinstance(document, Book):
        return [InstanceQuestion(instance.id, question) for question in document.questions], []
    chunks_by_segment = locate_segments(instance)
    instance.facts = [fact for one in document.facts if (fact := _locate_fact(one, chunks_by_segment))]
    questions, rejects = [], []
    for question in document.questions:
        located = _locate_question(question, document, chunks_by_segment)
        if isinstance(located, str):
            rejects.append(make_question_reject(source, "chunk", question, "no moment to ask", located))
        else:
            questions.append(InstanceQuestion(instance.id, located))
    return questions, rejects


def _reject_divided(document: Book | Document, num_instances: int, source: str) -> list[Reject]:
    """Return a reject of each question of a document that makes several instances, or none."""
    reason, detail = "document divided", f"{num_instances} instances: raise chunking.max_chunks"
    if not num_instances:
        reason, detail = "document left out", "no instance"
    return [
        make_question_reject(source, "chunk", question, reason, f"{document.name} makes {detail}")
        for question in document.questions
    ]


def _locate_question(
    question: Question, document: Document, chunks_by_segment: dict[str, list[tuple[int, str]]]
) -> Question | str:
    """Return the question, located, or why it cannot be asked."""
    parts = [chunks_by_segment.get(segment, []) for segment in question.evidence]
    if not all(parts):
        return "some of its evidence is in no chunk"
    moment = document.moments.get(question.id)
    after = None
    if moment is not None:
        if moment.after not in chunks_by_segment or (moment.before or moment.after) not in chunks_by_segment:
            return "the text that it follows or precedes is in no chunk"
        after = chunks_by_segment[moment.after][-1][0]
        if moment.before is not None and chunks_by_segment[moment.before][0][0] <= after:
            return f"chunk {after} holds what may change its answer"
    located = [one for part in parts for one in part]
    return replace(
        question,
        evidence=list(dict.fromkeys(identity for _, identity in located)),
        evidence_chunks=sorted({index for index, _ in located}),
        after_chunk=after,
    )


def _locate_fact(fact: Fact, chunks_by_segment: dict[str, list[tuple[int, str]]]) -> Fact | None:
    """Return the fact, located; None where its text is in no chunk."""
    told = chunks_by_segment.get(fact.segment)
    if not told:
        return None
    ended: Sequence[tuple[int, str]] = chunks_by_segment.get(fact.end_segment or "", [])
    return replace(fact, chunk=told[-1][0], end_chunk=ended[-1][0] if ended else None)
