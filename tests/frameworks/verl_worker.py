"""A script for the virtual environment of verl: its worker plays rows, and what its queue holds is printed.

python verl_worker.py ROWS.parquet MODEL URL
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import ray
import transfer_queue as tq
from hydra import compose, initialize_config_module
from memcurate_memory.rollout import CompletionsClient
from omegaconf import OmegaConf
from transformers import AutoTokenizer
from verl.trainer.ppo.v1 import AgentLoopManagerTQ
from verl.utils import tensordict_utils as tu
from verl.utils.dataset.rl_dataset import RLHFDataset, collate_fn

_SECONDS = 120  # for all episodes


def read_config(rows: str, model: str) -> Any:
    """Return the config of verl's trainer for these rows."""
    overrides = [
        f"data.train_files={rows}",
        "data.max_prompt_length=100000",
        "data.max_response_length=9999",
        f"actor_rollout_ref.model.path={model}",
        "actor_rollout_ref.rollout.name=vllm",
        "actor_rollout_ref.rollout.agent.num_workers=1",
        f"actor_rollout_ref.rollout.agent.agent_loop_config_path={Path('package/agent_loop.yaml').resolve()}",
        "transfer_queue.enable=true",
        "transfer_queue.backend.SimpleStorage.num_data_storage_units=1",
    ]
    with initialize_config_module("verl.trainer.config", version_base=None):
        config = compose("ppo_trainer", overrides)
    OmegaConf.resolve(config)
    return config


def play(rows: str, model: str, url: str) -> list[dict[str, Any]]:
    """Return the rows that verl's worker put into the queue, in the order of their steps."""
    config = read_config(rows, model)
    tokenizer = AutoTokenizer.from_pretrained(model)
    dataset = RLHFDataset(rows, tokenizer, config.data)
    batch = collate_fn([dataset[index] for index in range(len(dataset))])
    batch["uid"] = batch["instance"]
    size = len(dataset)
    data = tu.get_tensordict(batch)
    tu.assign_non_tensor_data(data, "global_steps", 1)
    tq.init(config.transfer_queue)
    manager = AgentLoopManagerTQ.create(config=config, llm_client=CompletionsClient(url, "m", tokenizer))
    names = [str(one) for one in batch["uid"]]
    tags = [{"is_prompt": True, "status": "pending", "global_steps": 1} for _ in range(size)]
    tq.kv_batch_put(keys=names, partition_id="train", tags=tags)
    manager.generate_sequences(data)
    end = time.monotonic() + _SECONDS
    while any(tag["status"] != "finished" for tag in list_tags(names)):
        assert time.monotonic() < end, tq.kv_list("train")
        time.sleep(0.2)
    steps = [key for key in tq.kv_list("train")["train"] if key not in names]
    keys = sorted(steps, key=lambda key: int(key.rpartition("_")[2]))  # INSTANCE_SESSION_STEP
    fields = tq.kv_batch_get(keys=keys, partition_id="train")
    return [
        {
            "instance": key.rsplit("_", 2)[0],
            "prompt": tokenizer.decode(fields["prompts"][index]),
            "reply": tokenizer.decode(fields["responses"][index]),
            "reward": float(fields["rm_scores"][index].sum()),
            "rewards": dict(fields["extra_fields"][index])["reward_extra_info"],
        }
        for index, key in enumerate(keys)
    ]


def list_tags(names: list[str]) -> list[dict[str, Any]]:
    """Return the tags of rows in the queue."""
    tags = tq.kv_list("train")["train"]
    return [tags[name] for name in names]


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=True)
    print(json.dumps(play(*sys.argv[1:])))
