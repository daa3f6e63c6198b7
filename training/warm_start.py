"""The warm start: a model learns from the scripted writer's steps to write valid calls at all.

Short, and from a teacher that stops after a drawn share of what it would store, so that the model's samples
vary in how much they store: what reinforcement then chooses from. The teacher skips nothing before it stops:
which sample is copied next is then certain, and after few rows the model copies instead of making up. Some
rows go on to the end: a model that never saw one end there does not stop where it gets that far.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from datasets import Dataset
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel
from trl import SFTConfig, SFTTrainer

from pipeline import draws
from pipeline.text.tokens import Count
from training.chats import Message
from training.chats.template import Template
from training.episodes import Played, write
from training.memory import Memory
from training.params import WarmStartParams
from training.policies import Situation
from training.policies.model import ModelPolicy
from training.policies.scripted import ScriptedWriter
from training.schema import InstanceToPlay

_PERCENT = 100
_IGNORED = -100  # the label of a token that is not learnt


def teacher_rows(
    instances: Iterable[InstanceToPlay],
    writer: ScriptedWriter,
    policy: ModelPolicy,
    core_tokens: int,
    count: Count,
    params: WarmStartParams,
    seed: int,
) -> Iterator[tuple[list[Message], str]]:
    """(prompt, reply) of every step, instance by instance, as the policy would be asked."""
    for instance in instances:
        played = Played(instance, Memory(count, core_tokens))
        for number, chunk in enumerate(instance.chunks):
            situation = Situation(played.memory, chunk.text)
            prompt = policy.prompt(situation)
            calls = writer.write([situation])[0].splitlines()
            reply = "\n".join(calls[: _kept(len(calls), params, seed, instance.id, number)])
            if reply:
                write(reply, played.memory, chunk.text)
                yield prompt, reply


def _kept(calls: int, params: WarmStartParams, seed: int, *step: object) -> int:
    """How many of so many calls a row has, one at least."""
    if draws.integer(1, _PERCENT, seed, "whole", *step) <= round(_PERCENT * params.whole):
        return calls
    low, high = (round(_PERCENT * share) for share in (params.least_kept, params.most_kept))
    share = draws.integer(low, high, seed, "warm start", *step)
    return max(round(calls * share / _PERCENT), 1)


def warm_start(
    model: PreTrainedModel,
    template: Template,
    rows: Sequence[tuple[list[Message], str]],
    params: WarmStartParams,
    bfloat16: bool,
    seed: int,
    folder: str,
) -> list[float]:
    """Train the model on the rows, once each, in place; give the loss of each update.

    `folder` is for scratch files.
    """
    args = SFTConfig(
        output_dir=folder,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=params.batch,
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
        bf16=bfloat16,
        use_cpu=not torch.cuda.is_available(),
    )
    data = Dataset.from_list([_tokens(template, prompt, reply) for prompt, reply in rows])
    trainer = _Trainer(model=model, args=args, train_dataset=data, processing_class=template.tokenizer)
    trainer.train()
    return [line["loss"] for line in trainer.state.log_history if "loss" in line]


class _Trainer(SFTTrainer):  # type: ignore[misc]  # mypy does not follow TRL
    """TRL's trainer, without the distribution over next tokens of a prompt: a third of the time saved."""

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """The mean loss of a reply's tokens, of rows of one batch together; one row at a time."""
        labels = inputs["labels"]
        learnt = int((labels != _IGNORED).sum())
        logits = model(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            logits_to_keep=learnt + 1,
        ).logits[0, :-1]
        total = cross_entropy(logits.float(), labels[0, -learnt:], reduction="sum")
        return total / (learnt if num_items_in_batch is None else num_items_in_batch)


def _tokens(template: Template, prompt: list[Message], reply: str) -> dict[str, list[int]]:
    """A row as token ids, just as the model reads prompts and ends replies when it plays."""
    read = template.ids(prompt, tools=True)
    end = template.tokenizer.eos_token_id
    written = [*template.reply_ids(reply), end]
    return {"input_ids": read + written, "completion_mask": [0] * len(read) + [1] * len(written)}
