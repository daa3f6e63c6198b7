"""The source's own questions, each asked of the instance that holds its evidence."""

from collections.abc import Iterable
from dataclasses import replace

from pipeline.questions.rejecting import rejected_question
from pipeline.schema import AskedQuestion, Instance, Question, Reject


def carry_over(
    questions: Iterable[Question], instances: Iterable[Instance], source: str
) -> tuple[list[AskedQuestion], list[Reject]]:
    """(questions with their instance and evidence chunks, questions whose evidence is in no one instance)."""
    homes: dict[str, list[tuple[str, int, str]]] = {}
    for instance in instances:
        for chunk in instance.chunks:
            for segment in chunk.segments:
                whole = segment.id.partition(".")[0]  # the parts of a torn segment stand for it
                homes.setdefault(whole, []).append((instance.id, chunk.ordinal, segment.id))
    asked, rejects = [], []
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            detail = "the same text, answers and evidence"
            rejects.append(rejected_question(source, "question", question, "repeated question", detail))
            continue
        seen.add(question.id)
        found = [homes.get(segment, []) for segment in question.evidence]
        places = [place for parts in found for place in parts]
        holders = {instance for instance, _, _ in places}
        if not found:
            rejects.append(rejected_question(source, "question", question, "no evidence", "none is named"))
        elif not all(found):
            missing = sum(1 for parts in found if not parts)
            detail = f"{missing} of {len(found)} evidence segments are in no instance"
            rejects.append(
                rejected_question(source, "question", question, "evidence not in the data", detail)
            )
        elif len(holders) != 1:
            detail = f"in {len(holders)} instances"
            rejects.append(rejected_question(source, "question", question, "evidence divided", detail))
        else:
            chunks = sorted({ordinal for _, ordinal, _ in places})
            evidence = list(dict.fromkeys(segment for _, _, segment in places))
            moved = replace(question, evidence=evidence, evidence_chunks=chunks)
            asked.append(AskedQuestion(holders.pop(), moved))
    return asked, rejects
