"""Answers stand in the evidence, and facts in their segments."""

import re
from collections.abc import Iterator

from tests.soak.invariants.build import Build, Row, iter_segments, segment_text


def find_bad_evidence(build: Build) -> Iterator[str]:
    """Yield questions whose evidence is not in their instance, or whose answer is not in the evidence."""
    for folder, instance in build.instances():
        held = {segment["id"]: (chunk, segment) for chunk, segment in iter_segments(instance)}
        for question in instance["questions"]:
            problem = _find_problem(instance, held, question)
            if problem:
                yield f"{folder}: question {question['id']} of {instance['id']}: {problem}"


def _find_problem(instance: Row, held: dict[str, tuple[Row, Row]], question: Row) -> str | None:
    missing = [one for one in question["evidence"] if one not in held]
    if missing:
        return f"evidence {missing[0]} is not in the instance"
    chunks = sorted({held[one][0]["index"] for one in question["evidence"]})
    if chunks != question["evidence_chunks"]:
        return f"evidence is in chunks {chunks}, it says {question['evidence_chunks']}"
    after = question["after_chunk"]
    if after is not None and not max(chunks, default=0) <= after < len(instance["chunks"]):
        return f"it is asked after chunk {after}, its evidence is in {chunks}"
    if not question["answers"] and question["metric"] != "abstain":
        return f"it has no answer, and metric {question['metric']}"
    texts = [segment_text(*held[one]) for one in question["evidence"]]
    match question["metric"]:
        case "contains" if texts:
            if not any(_plain(answer) in _plain(text) for answer in question["answers"] for text in texts):
                return f"no answer of {question['answers']} stands in {texts}"
        case "keywords":
            whole = _plain(" ".join(segment_text(chunk, segment) for chunk, segment in held.values()))
            absent = [answer for answer in question["answers"] if _plain(answer) not in whole]
            if absent:
                return f"keywords {absent} stand nowhere"
        case "exact":
            names = {str(label["number"]): label["name"] for label in instance["labels"]}
            labels = {held[one][1]["label"] for one in question["evidence"]}
            if labels != {names.get(question["answers"][0])}:
                return f"the answer is {question['answers'][0]}, the evidence has {labels}"
    return None


def find_bad_facts(build: Build) -> Iterator[str]:
    """Yield facts whose segments are not in the chunks that they name."""
    for folder, instance in build.instances():
        held = {segment["id"]: chunk["index"] for chunk, segment in iter_segments(instance)}
        for fact in instance["facts"]:
            ends = (fact["end"] is None, fact["end_segment"] is None, fact["end_chunk"] is None)
            is_told = held.get(fact["segment"]) == fact["chunk"]
            is_ended = fact["end_segment"] is None or held.get(fact["end_segment"]) == fact["end_chunk"]
            if len(set(ends)) > 1 or not is_told or not is_ended:
                yield f"{folder}: {instance['id']}: fact {fact}"


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.casefold()).strip()
