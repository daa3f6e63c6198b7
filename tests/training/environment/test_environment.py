"""The interface of the environment: tasks, draws, results and errors."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.params import EndpointModel, EpisodeParams, ModelSettings, Params
from pipeline.core.storage import write_rows
from tests.training.environment.datasets import make_rows, write_dataset
from tests.training.factories import count_words, make_instance, make_question
from training.environment import DEFAULT_PARAMS, MemoryEnv, StepResult, build_env_evaluator
from training.memory.prompts import Message
from training.memory.schema import EpisodeInput, EpisodeQuestion
from training.memory.tools import TOOLS
from training.policies.scripted import format_insert

BOAT = format_insert("semantic", "Ann keeps her red boat in Oslo.")


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    write_dataset(tmp_path, 8)
    return tmp_path


def finish(env: MemoryEnv, reply: str = BOAT) -> StepResult:
    while not (result := env.step(reply)).done:
        pass
    return result


def with_model(**answer: object) -> EpisodeParams:
    return DEFAULT_PARAMS.model_copy(update={"answer": DEFAULT_PARAMS.answer.model_copy(update=answer)})


def test_default_params_are_those_of_the_starter_set(params: Params) -> None:
    assert {name: getattr(params, name) for name in EpisodeParams.model_fields} == {
        name: getattr(DEFAULT_PARAMS, name) for name in EpisodeParams.model_fields
    }


def test_an_episode_of_three_steps(dataset: Path) -> None:
    with MemoryEnv.load(dataset, "train", count_tokens=count_words) as env:
        observation = env.reset("made/0")
        assert (observation.instance, observation.step, observation.num_steps) == ("made/0", 0, 3)
        assert [one["role"] for one in observation.messages] == ["system", "user"]
        assert "new_memory_insert(" in observation.messages[0]["content"] and observation.tools is TOOLS
        assert "day 1" in observation.messages[1]["content"]
        first = env.step(BOAT)
        assert first.reward == 0.0 and not first.done and first.observation is not None
        assert [(call.applied, call.valid, call.note) for call in first.info.calls] == [
            (True, True, "inserted as s1")
        ]
        assert (first.info.tool_format, first.info.content, first.info.memory_tokens) == (1.0, 1.0, 7)
        assert first.info.episode is None and not first.info.step_rewards
        assert "[s1] Ann keeps" in first.observation.messages[1]["content"]
        second = env.step(BOAT)
        assert second.info.tool_format == 0.0 and "stored already" in second.info.calls[0].note
        last = env.step("nothing to keep")
    episode = last.info.episode
    assert last.done and last.observation is None and episode is not None
    assert [answer.score for answer in episode.answers] == [1.0, 1.0]
    compression = 1 - 7 / episode.tokens
    assert episode.correctness == 1.0 and episode.compression == pytest.approx(compression)
    assert [episode.tool_format, episode.content] == pytest.approx([1 / 3, 1 / 3])
    assert last.reward == pytest.approx(1 + 1 / 3 + 0.05 * compression + 0.1 / 3)
    assert [one.total for one in last.info.step_rewards] == pytest.approx(
        [1 + own + 0.05 * compression for own in (1.1, 0, 0)]
    )


def test_credit_goes_to_the_step_that_stored_the_answer(dataset: Path) -> None:
    env = MemoryEnv.load(dataset, "train", count_tokens=count_words, credit="step")
    env.reset(0)
    for reply in (BOAT, "", ""):
        result = env.step(reply)
    first, *others = [one.total for one in result.info.step_rewards]
    assert first is not None and first > 3 and others == [0.0, 0.0]
    (call,) = env.step_rewards("call")[0].calls
    assert call == pytest.approx(first)
    assert result.info.episode is not None
    assert sum(one.total or 0 for one in env.step_rewards("episode")) == pytest.approx(
        3 * result.info.episode.total  # type: ignore[operator]  # it has a score
    )


def test_seeds_draw_instances(dataset: Path) -> None:
    env = MemoryEnv.load(dataset, "train", count_tokens=count_words, sources=["odd"])
    drawn = [env.reset(seed=4).instance, *(env.reset().instance for _ in range(20))]
    again = [env.reset(seed=4).instance, *(env.reset().instance for _ in range(20))]
    assert drawn == again and set(drawn) == set(env.instances.ids)  # type: ignore[attr-defined]
    assert len(env) == 4


def test_draws_pass_over_instances_without_a_question_that_can_be_scored() -> None:
    judged = make_instance("judged", ["one"], [make_question("Why?", "x", metric="judge")])
    good = make_instance("good", ["one"], [make_question("Who?", "x")])
    env = make_env([judged] * 3 + [good])
    assert {env.reset().instance for _ in range(20)} == {"made/good"}
    env.reset("made/judged")
    assert env.step("").reward is None
    with pytest.raises(MemcurateError, match="none of 100 drawn instances has a question"):
        make_env([judged]).reset()


def make_env(instances: Sequence[EpisodeInput]) -> MemoryEnv:
    return MemoryEnv(instances, build_env_evaluator(DEFAULT_PARAMS, count_words), lambda messages: 0)


def test_an_instance_is_cut_to_its_first_chunks(dataset: Path) -> None:
    env = MemoryEnv.load(dataset, "train", count_tokens=count_words, max_chunks=2, max_questions=5)
    assert env.reset(0).num_steps == 2
    episode = finish(env).info.episode
    assert episode is not None and [one.text for one in episode.answers] == ["Where is the red boat of Ann?"]


@pytest.mark.parametrize("task", [-1, 8, "made/8", ""])
def test_an_unknown_task_is_an_error(dataset: Path, task: int | str) -> None:
    env = MemoryEnv.load(dataset, "train", count_tokens=count_words)
    with pytest.raises(MemcurateError, match="is not in the split; expected an id, or an index from 0 to 7"):
        env.reset(task)


def test_a_step_needs_a_running_episode(dataset: Path) -> None:
    env = MemoryEnv.load(dataset, "train", count_tokens=count_words)
    with pytest.raises(MemcurateError, match="call reset first"):
        env.step("")
    env.reset(0)
    with pytest.raises(MemcurateError, match="the episode has not ended"):
        env.step_rewards()
    with pytest.raises(MemcurateError, match="expected the text of a reply, found list"):
        env.step([])  # type: ignore[arg-type]
    finish(env)
    with pytest.raises(MemcurateError, match="call reset first"):
        env.step("")
    env.close()
    with pytest.raises(MemcurateError, match="the episode has not ended"):
        env.step_rewards()


def test_no_instances_are_an_error() -> None:
    with pytest.raises(MemcurateError, match="the list of instances is empty"):
        make_env([])


def test_missing_tokenizer_files_are_named(dataset: Path) -> None:
    with pytest.raises(MemcurateError, match=r"assets/tiktoken/.*`assets`, a folder .*`count_tokens`"):
        MemoryEnv.load(dataset, "train")


def test_a_model_that_params_name_needs_a_function(dataset: Path) -> None:
    endpoint = EndpointModel(name="judge", revision="1", cached_responses=None)
    judge = ModelSettings(name="judge", revision="1", cached_responses=None, temperature=0, max_tokens=10)
    rewards = DEFAULT_PARAMS.rewards.model_copy(update={"judge": endpoint})
    for params, argument in (
        (with_model(backend="local", model="models/mine"), "answer_model"),
        (with_model(judge=judge), "answer_judge"),
        (DEFAULT_PARAMS.model_copy(update={"rewards": rewards}), "operation_judge"),
    ):
        with pytest.raises(MemcurateError, match=f"Give `{argument}`, a function"):
            MemoryEnv.load(dataset, "train", count_tokens=count_words, params=params)


def test_functions_answer_and_judge(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(chats: Sequence[Sequence[Message]]) -> list[str]:
        asked.extend(chat[-1]["content"] for chat in chats)
        return ["<think>hm</think>In Oslo."] * len(chats)

    def judge(chats: Sequence[Sequence[Message]]) -> list[str]:
        return ["[false]"] * len(chats)

    class Judge:
        def score_answers(self, answered: Sequence[tuple[EpisodeQuestion, str]]) -> list[float | None]:
            assert [reply for _, reply in answered] == ["In Oslo."]
            return [0.5]

    questions = [make_question("Where?", "Oslo"), make_question("Why?", "Oslo", metric="judge")]
    instance = make_instance("a", ["one", "two"], questions, split="train")
    write_rows(tmp_path / "train.parquet", EpisodeInput, [instance])
    env = MemoryEnv.load(
        tmp_path,
        "train",
        count_tokens=count_words,
        answer_model=answer,
        answer_judge=Judge(),
        operation_judge=judge,
    )
    env.reset(0)
    episode = finish(env).info.episode
    assert episode is not None and [one.score for one in episode.answers] == [1.0, 0.5]
    assert [one.answer for one in episode.answers] == ["In Oslo."] * 2
    assert len(asked) == 2 and "red boat" in asked[0]
    assert episode.content == 0.0 and "judge" in episode.steps[0].calls[0].note
    with pytest.raises(MemcurateError, match="credit 'call' answers questions anew"):
        env.step_rewards("call")
    with pytest.raises(MemcurateError, match="credit 'step' answers questions anew"):
        MemoryEnv.load(tmp_path, "train", count_tokens=count_words, answer_model=answer, credit="step")


def test_a_function_that_gives_too_few_replies_is_an_error(dataset: Path) -> None:
    env = MemoryEnv.load(dataset, "train", count_tokens=count_words, answer_model=lambda chats: ["x"])
    env.reset(0)
    with pytest.raises(MemcurateError, match=r"answer_model was given 2 chats and returned 1 replies"):
        finish(env)


def test_rows_of_a_list_can_be_played() -> None:
    env = make_env(make_rows(3))
    assert env.reset("made/2").instance == env.reset(2).instance == "made/2"
