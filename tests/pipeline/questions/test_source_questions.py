"""Source questions are assigned to the instance that holds their evidence, or rejected."""

from copy import deepcopy

import pytest

from pipeline.core.schema import Question, Reject
from pipeline.questions.source_questions import assign_source_questions
from tests.pipeline.questions.factories import make_instance, make_question

INSTANCES = [
    make_instance("made/i", {"made/a": "A.", "made/b": "B."}, {"made/c": "C.", "made/t.0": "T"}),
    make_instance("made/j", {"made/d": "D."}, {"made/u.0": "U", "made/u.1.0": "V"}, {"made/u.1.1": "W"}),
    make_instance("made/k", {"made/t.1": "T", "made/ab": "AB."}),
]


def assign(*evidence: str) -> Question | Reject:
    """Assign a question with this evidence; return the question, or its reject."""
    question = make_question(evidence=evidence, evidence_chunks=())
    before = deepcopy(question)
    assigned, rejects = assign_source_questions([question], INSTANCES, "made")
    assert question == before
    assert len(assigned) + len(rejects) == 1
    if rejects:
        return rejects[0]
    return assigned[0].question


def assigned_instance(*evidence: str) -> str:
    assigned, _ = assign_source_questions([make_question(evidence=evidence)], INSTANCES, "made")
    return assigned[0].instance


@pytest.mark.parametrize(
    ("evidence", "instance", "segments", "chunks"),
    [
        (["made/a"], "made/i", ["made/a"], [0]),
        (["made/b", "made/a"], "made/i", ["made/b", "made/a"], [0]),
        (["made/c", "made/a"], "made/i", ["made/c", "made/a"], [0, 1]),
        (["made/d"], "made/j", ["made/d"], [0]),
        (["made/ab"], "made/k", ["made/ab"], [0]),
        # a segment that was split counts as its parts
        (["made/u"], "made/j", ["made/u.0", "made/u.1.0", "made/u.1.1"], [1, 2]),
        (["made/d", "made/u"], "made/j", ["made/d", "made/u.0", "made/u.1.0", "made/u.1.1"], [0, 1, 2]),
    ],
)
def test_a_question_is_assigned_to_the_instance_of_its_evidence(
    evidence: list[str], instance: str, segments: list[str], chunks: list[int]
) -> None:
    result = assign(*evidence)
    assert isinstance(result, Question)
    assert (assigned_instance(*evidence), result.evidence, result.evidence_chunks) == (
        instance,
        segments,
        chunks,
    )
    assert (result.id, result.text, result.answers) == ("made/q", "Where does the owl live?", ["a barn"])


@pytest.mark.parametrize(
    ("evidence", "reason", "detail"),
    [
        (["made/x"], "evidence not in the data", "1 of 1 evidence segments are in no instance"),
        (["made/a", "made/x"], "evidence not in the data", "1 of 2 evidence segments are in no instance"),
        # parts are not named as evidence, and an id with the same beginning is another one
        (["made"], "evidence not in the data", "1 of 1 evidence segments are in no instance"),
        (["made/u.1"], "evidence not in the data", "1 of 1 evidence segments are in no instance"),
        (["made/a", "made/d"], "evidence divided", "in 2 instances"),
        (["made/a", "made/d", "made/ab"], "evidence divided", "in 3 instances"),
        (["made/t"], "evidence divided", "in 2 instances"),
    ],
)
def test_a_question_without_all_evidence_in_one_instance_is_rejected(
    evidence: list[str], reason: str, detail: str
) -> None:
    result = assign(*evidence)
    assert isinstance(result, Reject)
    assert (result.stage, result.kind, result.reason, result.detail) == (
        "question",
        "question",
        reason,
        detail,
    )
    assert (result.id, result.source) == ("made/q", "made")
    assert result.question is not None
    assert result.question.evidence == evidence
    assert result.source_span == result.question.source_span


def test_the_order_of_questions_is_kept() -> None:
    questions = [make_question(f"made/{name}", evidence=[f"made/{name}"]) for name in "dxca"]
    assigned, rejects = assign_source_questions(questions, INSTANCES, "made")
    assert [(row.instance, row.question.id) for row in assigned] == [
        ("made/j", "made/d"),
        ("made/i", "made/c"),
        ("made/i", "made/a"),
    ]
    assert [reject.id for reject in rejects] == ["made/x"]


def test_a_question_without_evidence_is_rejected() -> None:
    result = assign()
    assert isinstance(result, Reject)
    assert result.reason == "no evidence"


def test_a_repeated_question_is_rejected() -> None:
    question = make_question("made/a", evidence=["made/a"])
    assigned, rejects = assign_source_questions([question, question], INSTANCES, "made")
    assert len(assigned) == 1
    assert [reject.reason for reject in rejects] == ["repeated question"]


def test_repeated_evidence_counts_once() -> None:
    result = assign("made/a", "made/a")
    assert isinstance(result, Question)
    assert result.evidence == ["made/a"]
