"""The tasks of a training profile: sources, chunks and questions."""

from dataclasses import replace
from functools import partial

from pipeline.core.params import AgentParams, TrainingProfile
from tests.training.factories import make_instance, make_question
from training.evaluation.evaluator import is_scored
from training.memory.schema import EpisodeFact, EpisodeInput
from training.rl.tasks import select_tasks


def select(
    agent: AgentParams, *instances: EpisodeInput, max_questions: int | None = None
) -> list[EpisodeInput]:
    profile: TrainingProfile = agent.training.active_profile.model_copy(
        update={"sources": ["made"], "max_chunks": 2}
    )
    can_score = partial(is_scored, answer=agent.answer)
    return select_tasks(instances, profile, max_questions, 1, can_score)


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


def test_questions_after_a_chunk_that_is_cut_away_are_left_out(agent: AgentParams) -> None:
    questions = [make_question(f"after {number}", "x", after=number) for number in range(3)]
    (one,) = select(agent, make_instance("a", ["one", "two", "three"], questions))
    assert {question.text for question in one.questions} == {"after 0", "after 1"}


def test_where_facts_change_a_question_asked_at_the_end_needs_all_its_evidence(agent: AgentParams) -> None:
    told, changed, never, forgotten = (
        make_question(name, "x", wrong=["y"]) for name in ("told", "changed", "never", "forgotten")
    )
    questions = [
        replace(told, evidence_chunks=[0, 1]),
        replace(changed, evidence_chunks=[0, 2]),
        replace(never, metric="abstain", answers=[], wrong_answers=[]),
        replace(forgotten, metric="abstain", answers=[]),
    ]
    facts = [
        EpisodeFact("User", "city", "York", 0, "superseded", 2),
        EpisodeFact("User", "city", "Leeds", 2),
        EpisodeFact("User", "job", "cook", 0, "corrected", 1),
    ]
    instance = replace(make_instance("a", ["one", "two", "three"], questions), facts=facts)
    (one,) = select(agent, instance)
    assert {question.text for question in one.questions} == {"told"}  # extractive answers cannot abstain
    assert one.facts == [replace(facts[0], end=None, end_chunk=None), facts[2]]
    whole = make_instance("a", ["one", "two"], questions[:2] + questions[3:])
    (one,) = select(agent, replace(whole, facts=facts))
    assert {question.text for question in one.questions} == {"told", "changed", "forgotten"}


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
