"""Build chat models, policies, answerers, judges and the evaluator from params.

torch and transformers are imported only where params name a local model.
"""

from functools import lru_cache

from pipeline.core.params import AgentParams, AnswerParams, PolicyParams
from pipeline.llm.client import LLMClient
from pipeline.text.tokens import TokenCounter
from training.evaluation.answering import Answerer
from training.evaluation.answering.extractive import ExtractiveAnswerer
from training.evaluation.answering.model import ModelAnswerer
from training.evaluation.evaluator import TOKEN_CACHE_SIZE, Evaluator
from training.evaluation.judge_answers import EndpointAnswerJudge
from training.evaluation.retrieval import LONG_CONTEXT_TOKENS
from training.policies.chats import ChatModel
from training.policies.chats.endpoint import EndpointChatModel
from training.policies.model import ModelPolicy

_RESERVED_TOKENS = 512  # for instructions, question and answer


def load_local_model(name: str) -> ChatModel:
    """Load the model of a folder or hub name; raises MemcurateError where it cannot be loaded."""
    from training.policies.chats.local import LocalChatModel  # importing torch takes seconds

    return LocalChatModel(name)


def build_model_policy(
    name: str, model: PolicyParams, agent: AgentParams, client: LLMClient, seed: int
) -> ModelPolicy:
    """Build the policy of a model; raises MemcurateError where the model cannot be loaded or reached."""
    if model.local is not None:
        chat = load_local_model(model.local)
    else:
        assert model.endpoint is not None
        chat = EndpointChatModel(model.endpoint, client, model.tools == "native")
    return ModelPolicy(name, chat, agent.memory, agent.generation, seed)


def build_answerer(params: AnswerParams, client: LLMClient) -> tuple[Answerer, int]:
    """Build the answerer; return it with the number of long-context tokens that it can read.

    For a model this is three quarters of its context window without the reserved tokens, since its tokenizer
    may count more tokens than ours. Raises MemcurateError where the model cannot be loaded or reached.
    """
    if params.model is None:
        return ExtractiveAnswerer(), LONG_CONTEXT_TOKENS
    model = params.model
    chat = load_local_model(model) if isinstance(model, str) else EndpointChatModel(model, client)
    window = min(chat.context_window or LONG_CONTEXT_TOKENS, LONG_CONTEXT_TOKENS)
    return ModelAnswerer(chat), (window - _RESERVED_TOKENS) * 3 // 4


def build_evaluator(agent: AgentParams, count_tokens: TokenCounter, client: LLMClient) -> Evaluator:
    """Build the evaluator with its answerer and judges.

    Raises MemcurateError where a model that params name cannot be loaded or reached.
    """
    answerer, long_context_tokens = build_answerer(agent.answer, client)
    return Evaluator(
        params=agent,
        count_tokens=lru_cache(TOKEN_CACHE_SIZE)(count_tokens),
        answerer=answerer,
        long_context_tokens=long_context_tokens,
        answer_judge=EndpointAnswerJudge(agent.answer.judge, client) if agent.answer.judge else None,
        operation_judge=EndpointChatModel(agent.rewards.judge, client) if agent.rewards.judge else None,
    )
