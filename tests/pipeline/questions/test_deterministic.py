"""The questions that a source gives, by the `questions` block."""

from dataclasses import replace

import pytest

from pipeline.core.params import QuestionParams
from pipeline.core.schema import InstanceQuestion, Metric
from pipeline.questions.deterministic import QuestionInputs, make_given_questions
from tests.pipeline.questions.factories import make_instance, make_question

INSTANCE = make_instance("made/i", {"made/s": "The owl lives in a barn."})


@pytest.mark.parametrize(
    ("metric", "given", "expected"),
    [
        (None, ("contains", "judge", "keywords"), ("contains", "judge", "keywords")),
        ("token_f1", ("contains", "judge", "keywords"), ("token_f1", "token_f1", "keywords")),
        ("judge", ("contains", "exact"), ("judge", "exact")),
    ],
)
def test_the_metric_of_a_sources_own_answers_may_be_chosen(
    metric: str | None, given: tuple[Metric, ...], expected: tuple[Metric, ...]
) -> None:
    questions = [replace(make_question(f"made/{number}"), metric=one) for number, one in enumerate(given)]
    of_document = InstanceQuestion("made/i", replace(make_question("made/whole"), metric=given[0]))
    inputs = QuestionInputs([lambda: [INSTANCE]], [], questions, [of_document], [])
    config = QuestionParams(source=True, metric=metric, label=0, summary=False, cloze=0)
    rows, rejects = make_given_questions(inputs, config, seed=1, source="made")
    assert not rejects
    assert [row.question.metric for row in rows] == [*expected, expected[0]]
