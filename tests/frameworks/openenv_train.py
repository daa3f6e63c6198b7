"""Train a small random model by TRL over the tools of the package for OpenEnv; it runs in its venv.

Its arguments are the server's URL, a file of JSON with the rows of the training dataset, and a file to write:
the episodes that were played, with the reply to each chunk, and the trainer's log. The model's vocabulary has
whole tool calls as tokens, and all others are suppressed, so that a random model calls tools.
"""

import json
import sys
from pathlib import Path
from typing import Any

from datasets import Dataset
from memcurate_env import MemcurateToolEnv
from memcurate_env.models import MemcurateObservation
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM, set_seed
from trl import GRPOConfig, GRPOTrainer
from trl.chat_template_utils import qwen3_chat_template

from memcurate.env import reply_text

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
ARGUMENTS: list[tuple[str, dict[str, Any]]] = [
    ("read_on", {}),
    ("new_memory_insert", {"memory_type": "semantic", "content": "The boat of Ann came to Oslo."}),
    ("new_memory_insert", {"memory_type": "episodic", "content": "On day 2 the red boat came to Rome."}),
    ("memory_update", {"memory_type": "core", "new_content": "It is about the boat of Ann."}),
    ("memory_delete", {"memory_type": "semantic", "memory_id": "s1"}),
    ("memory_delete", {"memory_type": "working", "memory_id": "s1"}),
]
PLAYED: list[dict[str, Any]] = []


class RecordedEnv(MemcurateToolEnv):
    """An environment that keeps the replies of each episode."""

    def reset(self, **row: Any) -> str:
        self.replies: list[str] = []
        return super().reset(**row)

    def get_reward(self) -> float | None:
        total = super().get_reward()
        assert self.observation is not None
        PLAYED.append(
            {"instance": self.observation.instance, "replies": self.replies, "total": total}
            | {"rewards": self.observation.rewards}
        )
        return total

    def _step(self) -> MemcurateObservation:
        self.replies.append(reply_text({"tool_calls": self._calls}))
        return super()._step()


def make_tokenizer() -> PreTrainedTokenizerFast:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({one: index for index, one in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    calls = [json.dumps({"name": name, "arguments": given}) for name, given in ARGUMENTS]
    texts = [*SPECIAL, *(f"<tool_call>\n{call}\n</tool_call>" for call in calls)]
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in texts])
    made = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=SPECIAL[2], pad_token=SPECIAL[0])
    made.chat_template = qwen3_chat_template
    return made


def train(url: str, rows: list[dict[str, Any]], out: Path) -> None:
    set_seed(0)
    tokenizer = make_tokenizer()
    first_call = len(tokenizer) - len(ARGUMENTS)
    sizes = {"hidden_size": 16, "intermediate_size": 16, "head_dim": 8, "max_position_embeddings": 1 << 14}
    layers = {"num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1}
    model = Qwen3ForCausalLM(Qwen3Config(vocab_size=len(tokenizer), **sizes, **layers))
    config = GRPOConfig(
        output_dir=str(out.parent / "trainer"),
        use_cpu=True,
        bf16=False,
        report_to="none",
        logging_steps=1,
        max_steps=len(rows),
        per_device_train_batch_size=4,
        num_generations=4,
        max_completion_length=4096,
        max_tool_calling_iterations=6,
        generation_kwargs={"suppress_tokens": [*range(first_call - 1)]},  # all but the end and the calls
    )
    prompt = [{"role": "user", "content": ""}]  # the environment gives the text
    trainer = GRPOTrainer(
        model,
        args=config,
        processing_class=tokenizer,
        train_dataset=Dataset.from_list([{"prompt": prompt, **row} for row in rows]),
        environment_factory=lambda: RecordedEnv(url, split="train"),
    )
    trainer.train()
    found = {"episodes": PLAYED, "log": trainer.state.log_history}
    out.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    train(sys.argv[1], json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")), Path(sys.argv[3]))
