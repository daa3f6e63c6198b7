"""Assign a source's own questions to the instances that hold their evidence."""

from collections.abc import Iterable
from dataclasses import replace

from pipeline.core.rejection import make_question_reject
from pipeline.core.schema import Instance, InstanceQuestion, Question, Reject, locate_segments


def assign_source_questions(
    questions: Iterable[Question], instances: Iterable[Instance], source: str
) -> tuple[list[InstanceQuestion], list[Reject]]:
    """Assign each question to the one instance that holds all its evidence segments.

    Returns:
        The questions with their instance, evidence segments and evidence chunks; and a reject for each
        question that is repeated, names no evidence, or whose evidence is not all in one instance.
    """
    segment_locations: dict[str, list[tuple[str, int, str]]] = {}
    for instance in instances:
        for segment_id, places in locate_segments(instance).items():
            segment_locations.setdefault(segment_id, []).extend((instance.id, *place) for place in places)
    instance_questions, rejects = [], []
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            detail = "the same text, answers and evidence"
            rejects.append(make_question_reject(source, "question", question, "repeated question", detail))
            continue
        seen.add(question.id)
        parts_by_segment = [segment_locations.get(segment, []) for segment in question.evidence]
        locations = [location for parts in parts_by_segment for location in parts]
        instance_ids = {instance for instance, _, _ in locations}
        if not parts_by_segment:
            rejects.append(make_question_reject(source, "question", question, "no evidence", "none is named"))
        elif not all(parts_by_segment):
            missing = sum(1 for parts in parts_by_segment if not parts)
            detail = f"{missing} of {len(parts_by_segment)} evidence segments are in no instance"
            rejects.append(
                make_question_reject(source, "question", question, "evidence not in the data", detail)
            )
        elif len(instance_ids) != 1:
            detail = f"in {len(instance_ids)} instances"
            rejects.append(make_question_reject(source, "question", question, "evidence divided", detail))
        else:
            chunks = sorted({index for _, index, _ in locations})
            evidence = list(dict.fromkeys(segment for _, _, segment in locations))
            located = replace(question, evidence=evidence, evidence_chunks=chunks)
            instance_questions.append(InstanceQuestion(instance_ids.pop(), located))
    return instance_questions, rejects
