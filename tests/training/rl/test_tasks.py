"""The tasks of a training profile: sources, chunks and questions."""

from dataclasses import replace

from pipeline.core.params import AgentParams, TrainingProfile
from tests.training.factories import make_instance, make_question
from training.memory.schema import EpisodeInput
from training.rl.tasks import select_tasks


def select(
    agent: AgentParams, *instances: EpisodeInput, max_questions: int | None = None
) -> list[EpisodeInput]:
    profile: TrainingProfile = agent.training.active_profile.model_copy(
        update={"sources": ["made"], "max_chunks": 2}
    )
    return select_tasks(instances, profile, max_questions, 1, frozenset({"abstain"}))


def test_tasks_keep_the_first_chunks_and_the_questions_answerable_from_them(agent: AgentParams) -> None:
    first, third, anywhere, judged = (
        make_question(name, "x") for name in ("first", "third", "any", "judged")
    )
    questions = [
        replace(first, evidence_chunks=[0, 2]),
        replace(third, evidence_chunks=[2]),
        anywhere,
        replace(judged, metric="judge"),
    ]
    (one,) = select(agent, make_instance("a", ["one two", "three", "four"], questions))
    assert [chunk.text for chunk in one.chunks] == ["one two", "three"]
    assert one.tokens == 3
    assert {question.text for question in one.questions} == {"first", "any"}


def test_at_most_max_questions_are_kept(agent: AgentParams) -> None:
    questions = [make_question(f"q{number}", "x") for number in range(9)]
    (one,) = select(agent, make_instance("a", ["one"], questions), max_questions=4)
    assert len({question.text for question in one.questions}) == 4


def test_other_sources_and_instances_without_questions_are_left_out(agent: AgentParams) -> None:
    other = replace(make_instance("b", ["one"], [make_question("q", "x")]), source="other")
    assert select(agent, other, make_instance("c", ["one"])) == []


def test_the_order_is_drawn_whatever_the_input_order(agent: AgentParams) -> None:
    instances = [make_instance(str(number), ["one"], [make_question("q", "x")]) for number in range(8)]
    names = [one.id for one in select(agent, *instances)]
    assert names == [one.id for one in select(agent, *reversed(instances))] != [one.id for one in instances]
