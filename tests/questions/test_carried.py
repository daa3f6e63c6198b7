"""The source's own questions find the instance that holds their evidence, or are rejected."""

from copy import deepcopy

import pytest

from pipeline.questions.carried import carry_over
from pipeline.schema import Question, Reject
from tests.questions.making import make_instance, make_question

INSTANCES = [
    make_instance("made/i", {"made/a": "A.", "made/b": "B."}, {"made/c": "C.", "made/t.0": "T"}),
    make_instance("made/j", {"made/d": "D."}, {"made/u.0": "U", "made/u.1.0": "V"}, {"made/u.1.1": "W"}),
    make_instance("made/k", {"made/t.1": "T", "made/ab": "AB."}),
]


def carried(*evidence: str) -> Question | Reject:
    """What becomes of a question with this evidence: the question as asked, or the reject."""
    given = make_question(evidence=evidence, evidence_chunks=())
    before = deepcopy(given)
    asked, rejects = carry_over([given], INSTANCES, "made")
    assert given == before
    assert len(asked) + len(rejects) == 1
    if rejects:
        return rejects[0]
    return asked[0].question


def home(*evidence: str) -> str:
    asked, _ = carry_over([make_question(evidence=evidence)], INSTANCES, "made")
    return asked[0].instance


@pytest.mark.parametrize(
    ("evidence", "instance", "segments", "chunks"),
    [
        (["made/a"], "made/i", ["made/a"], [0]),
        (["made/b", "made/a"], "made/i", ["made/b", "made/a"], [0]),
        (["made/c", "made/a"], "made/i", ["made/c", "made/a"], [0, 1]),
        (["made/d"], "made/j", ["made/d"], [0]),
        (["made/ab"], "made/k", ["made/ab"], [0]),
        # a torn segment stands as its parts, torn again or not
        (["made/u"], "made/j", ["made/u.0", "made/u.1.0", "made/u.1.1"], [1, 2]),
        (["made/d", "made/u"], "made/j", ["made/d", "made/u.0", "made/u.1.0", "made/u.1.1"], [0, 1, 2]),
    ],
)
def test_asked_where_the_evidence_is(
    evidence: list[str], instance: str, segments: list[str], chunks: list[int]
) -> None:
    found = carried(*evidence)
    assert isinstance(found, Question)
    assert (home(*evidence), found.evidence, found.evidence_chunks) == (instance, segments, chunks)
    assert (found.id, found.text, found.answers) == ("made/q", "Where does the owl live?", ["a barn"])


@pytest.mark.parametrize(
    ("evidence", "reason", "detail"),
    [
        (["made/x"], "evidence not in the data", "1 of 1 evidence segments are in no instance"),
        (["made/a", "made/x"], "evidence not in the data", "1 of 2 evidence segments are in no instance"),
        # a part is not asked for by name, and an id that only begins alike is another one's
        (["made"], "evidence not in the data", "1 of 1 evidence segments are in no instance"),
        (["made/u.1"], "evidence not in the data", "1 of 1 evidence segments are in no instance"),
        (["made/a", "made/d"], "evidence divided", "in 2 instances"),
        (["made/a", "made/d", "made/ab"], "evidence divided", "in 3 instances"),
        (["made/t"], "evidence divided", "in 2 instances"),
    ],
)
def test_rejected(evidence: list[str], reason: str, detail: str) -> None:
    found = carried(*evidence)
    assert isinstance(found, Reject)
    assert (found.stage, found.kind, found.reason, found.detail) == ("question", "question", reason, detail)
    assert (found.id, found.source) == ("made/q", "made")
    assert found.question is not None
    assert found.question.evidence == evidence
    assert found.raw == found.question.raw


def test_order_of_questions_is_kept() -> None:
    given = [make_question(f"made/{name}", evidence=[f"made/{name}"]) for name in "dxca"]
    asked, rejects = carry_over(given, INSTANCES, "made")
    assert [(row.instance, row.question.id) for row in asked] == [
        ("made/j", "made/d"),
        ("made/i", "made/c"),
        ("made/i", "made/a"),
    ]
    assert [reject.id for reject in rejects] == ["made/x"]


def test_a_question_without_evidence() -> None:
    found = carried()
    assert isinstance(found, Reject)
    assert found.reason == "no evidence"


def test_a_question_that_is_asked_twice() -> None:
    given = make_question("made/a", evidence=["made/a"])
    asked, rejects = carry_over([given, given], INSTANCES, "made")
    assert len(asked) == 1
    assert [reject.reason for reject in rejects] == ["repeated question"]


def test_evidence_that_is_named_twice() -> None:
    found = carried("made/a", "made/a")
    assert isinstance(found, Question)
    assert found.evidence == ["made/a"]
