"""Params keys and values that version 0.2 renamed.

An old name is an error that gives the new name; it is never translated silently.
"""

import re

# By block, with * for any part of a path: old key to new key. The first block that matches counts.
_KEYS: dict[str, dict[str, str]] = {
    "": {"use": "enabled_sources", "licences": "licenses", "step": "generation"},
    "split": {"test_share": "test_fraction", "max_document_share": "max_document_fraction"},
    "licenses": {"refuse": "deny"},
    "dataset": {
        "limit": "max_train_per_source",
        "evaluation": "eval_only_sources",
        "contamination_words": "decontamination_ngram",
        "previous": "baseline_version",
    },
    "sources.*": {"about": "card", "paper": "parity"},
    "sources.*.card": {"licence": "license"},
    "sources.*.parity": {"reruns": "ablations"},
    "*.files.*": {"places": "locations", "into": "subdir"},
    "sources.*.chunking": {
        "recipe": "strategy",
        "shown_as": "prompt_style",
        "min_target": "min_chunk_tokens",
        "once": "disjoint_examples",
        "instance_tokens": "target_instance_tokens",
    },
    "sources.*.questions": {
        "carried": "source",
        "held_out": "label",
        "written": "generated",
        "told": "generated_summaries",
        "shorten": "shorten_answers",
    },
    "sources.*.questions.generated": {
        "ask": "model",
        "per_chunk": "max_per_chunk",
        "per_pair": "max_per_pair",
        "pairs": "chunk_pairs",
    },
    "sources.*.questions.generated_summaries": {"ask": "model"},
    "sources.*.checks": {"min_agreement": "min_summary_overlap"},
    "sources.*.checks.closed_book": {"asks": "models"},
    "*memory": {"shown": "max_prompt_entries"},
    "*generation": {"prompt_tokens": "max_prompt_tokens", "reply_tokens": "max_completion_tokens"},
    "answer": {"by": "backend", "retrieve": "top_k", "max_tokens": "max_context_tokens"},
    "rewards": {"compression": "compression_weight", "content": "content_weight"},
    "evaluation": {
        "methods": "baselines",
        "models": "policies",
        "stretch": "context_lengths",
        "questions": "max_questions",
        "resamples": "bootstrap_samples",
    },
    "evaluation.policies.*": {"instances": "max_instances", "stretch": "long_contexts"},
    "training.profiles.*": {
        "bfloat16": "bf16",
        "chunks": "max_chunks",
        "questions": "max_questions",
        "step": "generation",
        "batches": "num_batches",
        "instances": "instances_per_batch",
        "group": "num_generations",
        "pooled": "advantage_group",
        "updates": "optimizer_steps_per_batch",
        "parts": "steps_per_generation",
        "warm_up": "warmup_steps",
        "clip": "clip_epsilon",
        "kl": "kl_coef",
        "generate": "generation_backend",
        "at_once": "generation_batch_size",
        "validation": "num_validation",
        "every": "eval_every",
        "tests": "max_test_instances",
        "stretch": "context_lengths",
    },
    "training.profiles.*.warm_start": {
        "rows": "num_rows",
        "batch": "batch_size",
        "whole": "full_fraction",
        "least_kept": "min_keep_fraction",
        "most_kept": "max_keep_fraction",
    },
    # Wherever a model behind the endpoint is named: judges, policies, generated questions, model checks.
    "*": {"model": "name", "answers": "cached_responses"},
}
_VALUES = {"gathered": "linked_articles", "contexts": "whole_documents", "contains": "extractive"}
_PATTERNS = [(re.compile(re.escape(block).replace(r"\*", ".*")), keys) for block, keys in _KEYS.items()]


def find_new_key(block: str, key: str) -> str | None:
    """Return the new name of a renamed key, or None. `block`: the dotted path above the key; "": the top."""
    return next((keys[key] for pattern, keys in _PATTERNS if key in keys and pattern.fullmatch(block)), None)


def find_new_value(value: str) -> str | None:
    """Return the new name of a renamed chunking strategy or answer backend, or None."""
    return _VALUES.get(value)
