"""Models by what params say of them: chats, and the policies, answerers and judges over them; the evaluator.

torch and transformers are imported only where a local model is named.
"""

from functools import lru_cache

from pipeline.endpoint.asking import Asker
from pipeline.text.tokens import Count
from training.answering import Answerer
from training.answering.contains import ContainsAnswerer
from training.answering.judge import AnswerJudge
from training.answering.model import ModelAnswerer
from training.chats import Chat
from training.chats.endpoint import EndpointChat
from training.evaluation import Evaluator
from training.params import AgentParams, AnswerParams, PolicyModel
from training.policies.model import ModelPolicy
from training.recall import LONG_CONTEXT

_INSTRUCTIONS = 512  # tokens of instructions, question and answer
_COUNTS_KEPT = 1 << 14  # texts whose tokens are known: what is recalled for one question is for others too


def local_chat(name: str) -> Chat:
    """The model in a folder. Raises MemcurateError when it cannot be loaded."""
    from training.chats.local import LocalChat  # loads torch: seconds, and not needed by all

    return LocalChat(name)


def model_policy(name: str, model: PolicyModel, agent: AgentParams, asker: Asker, seed: int) -> ModelPolicy:
    """A model as a policy. Raises MemcurateError as its chat does."""
    if model.local is not None:
        chat = local_chat(model.local)
    else:
        assert model.endpoint is not None
        chat = EndpointChat(model.endpoint, asker, model.tools == "native")
    return ModelPolicy(name, chat, agent.memory, agent.step, seed)


def answerer(params: AnswerParams, asker: Asker) -> tuple[Answerer, int]:
    """Who answers, and how many tokens of a long context it can read.

    For a model three quarters of what it was made for, but for the instructions: its own tokens may be more.
    """
    if params.model is None:
        return ContainsAnswerer(), LONG_CONTEXT
    model = params.model
    chat = local_chat(model) if isinstance(model, str) else EndpointChat(model, asker)
    longest = min(chat.longest or LONG_CONTEXT, LONG_CONTEXT)
    return ModelAnswerer(chat), (longest - _INSTRUCTIONS) * 3 // 4


def evaluator(agent: AgentParams, count: Count, asker: Asker) -> Evaluator:
    """Who asks and rewards. Raises MemcurateError where a model that params name is not to be had."""
    who, longest = answerer(agent.answer, asker)
    return Evaluator(
        params=agent,
        count=lru_cache(_COUNTS_KEPT)(count),
        answerer=who,
        longest=longest,
        answer_judge=AnswerJudge(agent.answer.judge, asker) if agent.answer.judge else None,
        operation_judge=EndpointChat(agent.rewards.judge, asker) if agent.rewards.judge else None,
    )
