"""What a profile plays: whose instances, which chunks, which questions."""

from dataclasses import replace

from tests.training.making import instance, question
from training.lessons import lessons
from training.params import AgentParams, Profile
from training.schema import InstanceToPlay


def played(
    agent: AgentParams, *instances: InstanceToPlay, questions: int | None = None
) -> list[InstanceToPlay]:
    profile: Profile = agent.training.chosen.model_copy(update={"sources": ["made"], "chunks": 2})
    return lessons(instances, profile, questions, 1)


def test_the_first_chunks_and_what_can_be_known_from_them(agent: AgentParams) -> None:
    first, third, anywhere, judged = (question(name, "x") for name in ("first", "third", "any", "judged"))
    asked = [
        replace(first, evidence_chunks=[0, 2]),
        replace(third, evidence_chunks=[2]),
        anywhere,
        replace(judged, metric="judge"),
    ]
    (one,) = played(agent, instance("a", ["one two", "three", "four"], asked))
    assert [chunk.text for chunk in one.chunks] == ["one two", "three"]
    assert one.tokens == 3
    assert {asked.text for asked in one.questions} == {"first", "any"}


def test_a_sample_of_the_questions(agent: AgentParams) -> None:
    asked = [question(f"q{number}", "x") for number in range(9)]
    (one,) = played(agent, instance("a", ["one"], asked), questions=4)
    assert len({asked.text for asked in one.questions}) == 4


def test_other_sources_and_instances_without_questions_are_left_out(agent: AgentParams) -> None:
    other = replace(instance("b", ["one"], [question("q", "x")]), source="other")
    assert played(agent, other, instance("c", ["one"])) == []


def test_the_order_is_drawn_and_does_not_hang_on_the_given_one(agent: AgentParams) -> None:
    given = [instance(str(number), ["one"], [question("q", "x")]) for number in range(8)]
    names = [one.id for one in played(agent, *given)]
    assert names == [one.id for one in played(agent, *reversed(given))] != [one.id for one in given]
