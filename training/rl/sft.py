"""The warm start: supervised fine-tuning on the scripted policy's steps, until a model writes valid calls.

It is short. In most rows the teacher stops after a drawn fraction of its calls, so that the model's samples
vary in how much they store; reinforcement learning then chooses among them. The teacher skips no call before
it stops: then the next sample to copy is certain, and after a few rows the model copies samples and does not
invent any. Some rows hold all calls: without them the model would not learn to stop at the end of a chunk.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from datasets import Dataset
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel
from trl import SFTConfig, SFTTrainer

from pipeline.core import seeded_random
from pipeline.core.params import WarmStartParams
from pipeline.text.tokens import TokenCounter
from training.memory.prompts import Message
from training.memory.schema import EpisodeInput
from training.policies import Policy
from training.policies.chats.template import ChatTemplate
from training.policies.model import ModelPolicy
from training.rl.sft_rows import SftRow, run_teacher

_PERCENT = 100
_IGNORE_INDEX = -100  # PyTorch's label of a token without a loss


def generate_teacher_rows(
    instances: Iterable[EpisodeInput],
    teacher: Policy,
    policy: ModelPolicy,
    core_tokens: int,
    count_tokens: TokenCounter,
    params: WarmStartParams,
    seed: int,
    max_tokens: int | None = None,
) -> Iterator[SftRow]:
    """Yield the teacher's steps with calls, instance by instance, each with the policy's own prompt.

    `core_tokens` and `max_tokens` limit core and the whole memory. `params` and `seed` determine the number
    of calls that are kept of each step.
    """

    def num_kept_calls(num_calls: int, instance: EpisodeInput, number: int) -> int:
        return _num_kept_calls(num_calls, params, seed, instance.id, number)

    build_prompt = policy.build_prompt
    rows = run_teacher(
        teacher, instances, build_prompt, core_tokens, count_tokens, num_kept_calls, max_tokens
    )
    return (row for row in rows if row.completion)


def _num_kept_calls(num_calls: int, params: WarmStartParams, seed: int, *step: object) -> int:
    """Return the number of `num_calls` to keep in the row of a step, at least 1."""
    if seeded_random.randint(1, _PERCENT, seed, "whole", *step) <= round(_PERCENT * params.full_fraction):
        return num_calls
    fractions = (params.min_keep_fraction, params.max_keep_fraction)
    low, high = (round(_PERCENT * fraction) for fraction in fractions)
    percent = seeded_random.randint(low, high, seed, "warm start", *step)
    return max(round(num_calls * percent / _PERCENT), 1)


def run_sft(
    model: PreTrainedModel,
    template: ChatTemplate,
    rows: Sequence[SftRow],
    params: WarmStartParams,
    bf16: bool,
    seed: int,
    scratch_dir: str,
) -> list[float]:
    """Train the model in place on each row once; return the loss of each update.

    `scratch_dir` is a folder for the trainer's files.
    """
    args = SFTConfig(
        output_dir=scratch_dir,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=params.batch_size,
        num_train_epochs=1,
        learning_rate=params.learning_rate,
        lr_scheduler_type="linear",
        max_length=None,
        completion_only_loss=True,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        seed=seed,
        gradient_checkpointing=False,
        bf16=bf16,
        use_cpu=not torch.cuda.is_available(),
    )
    data = Dataset.from_list([_tokenize_row(template, prompt, reply) for prompt, reply in rows])
    trainer = _CompletionTrainer(
        model=model, args=args, train_dataset=data, processing_class=template.tokenizer
    )
    trainer.train()
    return [line["loss"] for line in trainer.state.log_history if "loss" in line]


class _CompletionTrainer(SFTTrainer):  # type: ignore[misc]  # mypy does not follow TRL
    """TRL's trainer without the next-token distribution of prompts, which saves a third of the time."""

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Return the loss of one row: the sum over its reply's tokens, divided by those of the batch."""
        labels = inputs["labels"]
        num_learnt = int((labels != _IGNORE_INDEX).sum())
        logits = model(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            logits_to_keep=num_learnt + 1,
        ).logits[0, :-1]
        total = cross_entropy(logits.float(), labels[0, -num_learnt:], reduction="sum")
        return total / (num_learnt if num_items_in_batch is None else num_items_in_batch)


def _tokenize_row(template: ChatTemplate, prompt: list[Message], reply: str) -> dict[str, list[int]]:
    """Return a row as token ids, exactly as the model reads prompts and ends replies in episodes."""
    prompt_ids = template.encode(prompt, with_tools=True)
    reply_ids = [*template.encode_reply(reply), template.tokenizer.eos_token_id]
    mask = [0] * len(prompt_ids) + [1] * len(reply_ids)
    return {"input_ids": prompt_ids + reply_ids, "completion_mask": mask}
