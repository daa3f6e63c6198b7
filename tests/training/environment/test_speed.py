"""The time of a step: its calls at a large memory, and the questions after the last one."""

import random
from pathlib import Path
from time import process_time

from pipeline.text.tokens import TokenCounter, load_tokenizer, truncate_to_tokens
from tests.training.factories import make_instance, make_question
from training.environment import DEFAULT_PARAMS, MemoryEnv, build_env_evaluator
from training.policies.scripted import format_insert

MEMORY_TOKENS = 30_000
NUM_STEPS = 20
NUM_QUESTIONS = 100
MAX_MILLISECONDS = 5
_SLACK = 4  # of a machine that others use

_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu")


def draw_text(draw: random.Random, num_tokens: int, count_tokens: TokenCounter) -> str:
    words = ("".join(draw.choices(_SYLLABLES, k=draw.randint(1, 4))) for _ in range(num_tokens))
    return truncate_to_tokens(" ".join(words), num_tokens, count_tokens)


def test_a_step_at_a_memory_of_30k_tokens(assets: Path) -> None:
    draw, count_tokens = random.Random(1), load_tokenizer("o200k_base", assets).count
    texts = [draw_text(draw, 50, count_tokens) for _ in range(MEMORY_TOKENS // 50)]
    per_step = len(texts) // NUM_STEPS
    replies = [
        "\n".join(format_insert("semantic" if number % 2 else "episodic", text) for number, text in chunk)
        for chunk in (
            list(enumerate(texts))[start : start + per_step] for start in range(0, len(texts), per_step)
        )
    ]
    questions = [
        make_question(f"{number} Who said {draw.choice(texts)[:60]}?", draw.choice(texts).split()[-2])
        for number in range(NUM_QUESTIONS)
    ]
    chunks = [draw_text(draw, 2000, count_tokens) for _ in range(NUM_STEPS)]
    evaluator = build_env_evaluator(DEFAULT_PARAMS, count_tokens)
    env = MemoryEnv(
        [make_instance("long", chunks, questions)],
        evaluator,
        lambda messages: sum(count_tokens(one["content"]) for one in messages),
    )
    times = []
    for _ in range(3):
        env.reset(0)
        start = process_time()
        for reply in replies:
            result = env.step(reply)
        times.append((process_time() - start) / NUM_STEPS * 1000)
    assert result.info.episode is not None and len(result.info.episode.answers) == NUM_QUESTIONS
    assert result.info.memory_tokens > 0.95 * MEMORY_TOKENS
    print(f"a step takes {min(times):.2f} ms, of {times}")
    assert min(times) < MAX_MILLISECONDS * _SLACK
