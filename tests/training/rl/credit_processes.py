"""Print the advantages of the memory agent's rows, a line for each process; torchrun starts it.

Each call of a reply has an advantage of its own. Replies are drawn by the number of the episode and the step.
"""

import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from transformers import AutoModelForCausalLM

from pipeline.core.params import GenerationParams, load_params
from pipeline.core.unicode import to_well_formed
from tests.training.credit.random_episodes import draw_instance
from tests.training.environment.replies import draw_reply
from tests.training.factories import count_words
from tests.training.rl.factories import make_profile, write_small_model
from tests.training.tokenizer_factories import make_byte_level_tokenizer
from training.evaluation.answering.extractive import ExtractiveAnswerer
from training.evaluation.evaluator import Evaluator
from training.policies.chats.sampling import Completion
from training.policies.chats.template import ChatTemplate
from training.rl.grpo_trainer import MemoryTrainer
from training.rl.rollouts import GenerateFn, MemoryRolloutCollector, RolloutBatch
from training.rl.train import build_grpo_config

STEPS, EPISODES = 3, 8


class DrawingCollector:
    """The collector of the memory agent, with drawn replies in place of the model's."""

    def __init__(self, template: ChatTemplate) -> None:
        agent = load_params()
        self.first = 0  # number of this process's first episode
        self._template = template
        self._agent = MemoryRolloutCollector(
            [draw_instance(random.Random(name), name, STEPS) for name in "ab"],
            template,
            Evaluator(agent, count_words, ExtractiveAnswerer(), 32_768),
            agent.memory,
            GenerationParams(max_prompt_tokens=2000, max_completion_tokens=2000, temperature=1.0),
            "step",
            "call",
        )

    def collect(self, tasks: Sequence[int], generate: GenerateFn) -> RolloutBatch:
        steps = iter(range(STEPS))

        def reply(prompts: list[list[int]]) -> list[Completion]:
            step = next(steps)
            seeds = [f"{self.first + index} {step}" for index in range(len(prompts))]
            texts = [to_well_formed(draw_reply(random.Random(seed))) for seed in seeds]
            end = int(self._template.tokenizer.eos_token_id)
            return [Completion([*self._template.encode_reply(text), end]) for text in texts]

        return self._agent.collect(tasks, reply)


with TemporaryDirectory() as folder:
    tokenizer = make_byte_level_tokenizer()
    write_small_model(
        Path(folder) / "model", len(tokenizer), 4096, tokenizer.pad_token_id, tokenizer.eos_token_id
    )
    profile = make_profile(steps_per_generation=2, advantage_group="step", credit="call")
    collector = DrawingCollector(ChatTemplate(tokenizer))
    config = build_grpo_config(profile, 1, Path(folder))
    model = AutoModelForCausalLM.from_pretrained(Path(folder) / "model")
    trainer = MemoryTrainer(model, tokenizer, collector, 2, config, max_batch_size=64)
    own = EPISODES // trainer.accelerator.num_processes
    collector.first = own * trainer.accelerator.process_index
    batch = trainer._generate_and_score_completions([{}] * own)
    advantages, masks = batch["advantages"], batch["completion_mask"].bool()
    rows = []
    for index in range(STEPS * own):  # the first steps of all episodes, then the second ones
        episode, step = collector.first + index % own, index // own
        rows.append([episode, step, advantages[index][masks[index]].tolist()])
    sys.stdout.write(f"ROWS {json.dumps(rows)}\n")
