"""The evaluator of an environment: functions of the caller take the place of models that params name."""

from collections.abc import Callable, Sequence
from functools import lru_cache

from pipeline.core.agent_params import (
    AnswerParams,
    EpisodeParams,
    GenerationParams,
    MemoryParams,
    RewardParams,
)
from pipeline.core.errors import MemcurateError
from pipeline.text.tokens import TokenCounter
from training.evaluation.answering import AnswerJudge
from training.evaluation.answering.extractive import ExtractiveAnswerer
from training.evaluation.answering.model import ModelAnswerer
from training.evaluation.evaluator import TOKEN_CACHE_SIZE, Evaluator
from training.evaluation.retrieval import LONG_CONTEXT_TOKENS
from training.memory.prompts import Message
from training.policies.chats import SamplingParams

CompleteFn = Callable[[Sequence[Sequence[Message]]], Sequence[str]]  # of chats, as messages

# Those of the starter set's params.yaml.
DEFAULT_PARAMS = EpisodeParams(
    memory=MemoryParams(core_tokens=512, max_prompt_entries=20, max_tokens=None),
    generation=GenerationParams(max_prompt_tokens=6144, max_completion_tokens=2048, temperature=1.0),
    answer=AnswerParams(backend="extractive", model=None, top_k=20, max_context_tokens=1024, judge=None),
    rewards=RewardParams(
        compression_weight=0.05,
        content_weight=0.1,
        recall_weight=0.0,
        stale_weight=0.0,
        forgotten_weight=0.0,
        judge=None,
    ),
)


class FunctionChatModel:
    """The ChatModel of a function that completes chats."""

    batch_size = 1
    supports_tools = False
    context_window: int | None = None

    def __init__(self, name: str, complete: CompleteFn) -> None:
        """`name` stands in errors."""
        self._name = name
        self._complete = complete

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Estimate the tokens of a chat at three bytes each: the function's tokenizer is not known."""
        return sum(len(message["content"].encode()) for message in messages) // 3

    def complete(
        self, chats: Sequence[Sequence[Message]], sampling: SamplingParams, allow_tools: bool
    ) -> list[str]:
        """Return the function's reply to each chat.

        Raises MemcurateError where it does not give one text for each.
        """
        replies = list(self._complete(chats)) if chats else []
        if len(replies) != len(chats) or not all(isinstance(reply, str) for reply in replies):
            kinds = ", ".join(sorted({type(reply).__name__ for reply in replies})) or "none"
            raise MemcurateError(
                f"{self._name} was given {len(chats)} chats and returned {len(replies)} replies of type "
                f"{kinds}; expected one str for each chat, in order"
            )
        return replies


def build_env_evaluator(
    params: EpisodeParams,
    count_tokens: TokenCounter,
    answer_model: CompleteFn | None = None,
    answer_judge: AnswerJudge | None = None,
    operation_judge: CompleteFn | None = None,
) -> Evaluator:
    """Build an evaluator whose models are functions.

    `answer_model` answers questions in place of `params.answer`'s backend, `answer_judge` scores questions of
    the metric `judge`, and `operation_judge` decides for r4 whether an operation is valid. Raises
    MemcurateError where params name a model and a function in its place is missing.
    """
    for is_named, key, function, argument in (
        (params.answer.backend != "extractive", "answer.backend", answer_model, "answer_model"),
        (params.answer.judge is not None, "answer.judge", answer_judge, "answer_judge"),
        (params.rewards.judge is not None, "rewards.judge", operation_judge, "operation_judge"),
    ):
        if is_named and function is None:
            raise MemcurateError(
                f"params key {key} names a model, which the environment does not load itself. Give "
                f"`{argument}`, a function that asks it, or set answer.backend to extractive and the judges "
                "to null."
            )
    if answer_model is not None and params.answer.backend == "extractive":
        # The value only says that a model answers: no folder is read.
        answer = params.answer.model_copy(update={"backend": "local", "model": "answer_model"})
        params = params.model_copy(update={"answer": answer})
    return Evaluator(
        params=params,
        count_tokens=lru_cache(TOKEN_CACHE_SIZE)(count_tokens),
        answerer=ModelAnswerer(FunctionChatModel("answer_model", answer_model))
        if answer_model is not None
        else ExtractiveAnswerer(),
        long_context_tokens=LONG_CONTEXT_TOKENS,
        answer_judge=answer_judge,
        operation_judge=FunctionChatModel("operation_judge", operation_judge)
        if operation_judge is not None
        else None,
    )
