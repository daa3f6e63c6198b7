"""The card of a trained model, in the manner of the dataset hub."""

from collections.abc import Mapping
from typing import Any

from pipeline.params import Params
from training.params import AgentParams


def model_card(params: Params, agent: AgentParams, figures: Mapping[str, Any]) -> str:
    """What was trained, on what, and what it came to on held-out train instances."""
    profile = agent.training.chosen
    base = profile.base_model.hub or ", ".join(
        file.places[0].locator for file in profile.base_model.files or []
    )
    rows = "\n".join(
        f"| {name} | {figures['before'][name]:.4f} | {figures['best'][name]:.4f} |"
        for name in ("total", "correctness", "tool_format", "compression", "content", "failed_calls")
    )
    sources = ", ".join(profile.sources or params.use)
    return f"""---
library_name: transformers
tags: [memcurate, grpo, memory-agent]
---

# A memory agent

Made from `{base}` by memcurate: a warm start on a scripted writer's tool calls, then GRPO (Mem-α, arXiv
2509.25911). It reads a chunk and its memory, and writes the memory by tool calls.

Profile `{agent.training.profile}`, sources {sources}, seed {agent.training.seed},
{figures["updates"]} updates; the weights are those after update {figures["best_update"]}. On
{profile.validation} held-out train instances:

| | warm start | trained |
|---|---|---|
{rows}

Its instructions are those of memcurate's `training/prompts.py`; the tools are `new_memory_insert`,
`memory_update` and `memory_delete`. The data's licences are those of its sources: see the dataset's card.
"""
