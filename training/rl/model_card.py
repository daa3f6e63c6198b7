"""Render the card of a trained model, in the form that the hub reads."""

from collections.abc import Mapping
from typing import Any

from pipeline.core.params import AgentParams, Params


def render_model_card(params: Params, agent: AgentParams, metrics: Mapping[str, Any]) -> str:
    """Return the model card: base model, profile, sources, and rewards on the validation instances.

    `metrics` are those of `summarize_run`.
    """
    profile = agent.training.active_profile
    base = profile.base_model.hub or ", ".join(
        file.locations[0].locator for file in profile.base_model.files or []
    )
    rows = "\n".join(
        f"| {name} | {metrics['before'][name]:.4f} | {metrics['best'][name]:.4f} |"
        for name in ("total", "correctness", "tool_format", "compression", "content", "invalid_call_rate")
    )
    sources = ", ".join(profile.sources or params.enabled_sources)
    return f"""---
library_name: transformers
tags: [memcurate, grpo, memory-agent]
---

# A memory agent

Trained from `{base}` with memcurate: a warm start on the tool calls of a scripted policy, then GRPO (Mem-α,
arXiv 2509.25911). The model reads a chunk and its memory, and updates the memory by tool calls.

Profile `{agent.training.profile}`, sources {sources}, seed {agent.training.seed},
{metrics["updates"]} updates; the weights are those after update {metrics["best_update"]}. Results on
{profile.num_validation} validation instances of the train split:

| | warm start | trained |
|---|---|---|
{rows}

The prompt is in memcurate's `training/memory/prompts.py`; the tools are `new_memory_insert`,
`memory_update` and `memory_delete`. The licenses of the data are those of its sources: see the dataset card.
"""
