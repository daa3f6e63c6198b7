"""Rows that begin alike: the runs of neighbours, and that sharing changes no log probability or gradient."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM

from tests.training.rl.factories import WORDS, write_small_model
from training.rl.row_tensors import arrange_rows, compute_token_logps
from training.rl.shared_prefixes import Run, find_runs

LONG, OTHER = list(range(2, 30)) * 2, list(range(29, 1, -1)) * 2


def pad_rows(rows: list[tuple[list[int], list[int]]]) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Return (ids, mask, longest completion) of prompts and completions."""
    prompts, completions = max(len(one) for one, _ in rows), max(len(one) for _, one in rows)
    ids = torch.zeros(len(rows), prompts + completions, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for index, (prompt, completion) in enumerate(rows):
        span = slice(prompts - len(prompt), prompts + len(completion))
        ids[index, span] = torch.tensor(prompt + completion)
        mask[index, span] = 1
    return ids, mask, completions


def test_rows_of_two_steps_are_two_runs_of_their_own_beginnings() -> None:
    rows = [[*LONG, 5], [*LONG, 6], [*LONG, 7], [*OTHER, 5], [*OTHER, 6]]
    runs = find_runs(torch.tensor(rows), torch.tensor([56] * 5))
    assert runs == [Run(0, 3, 56), Run(3, 5, 56)]


def test_a_common_beginning_of_all_is_kept_where_it_saves_more() -> None:
    """Three rows that share 40 tokens save 80; a fourth that shares 35 makes that 105."""
    rows = [LONG[:40] + [2 + index] * 8 for index in range(3)] + [LONG[:35] + [3] * 13]
    assert find_runs(torch.tensor(rows), torch.tensor([48] * 4)) == [Run(0, 4, 35)]


def test_rows_that_share_too_little_are_run_together() -> None:
    rows = [LONG[:20] + [index] * 30 for index in range(3)]
    assert find_runs(torch.tensor(rows), torch.tensor([50] * 3)) == [Run(0, 3, 0)]


def test_no_more_than_the_limit_is_shared() -> None:
    rows = torch.tensor([LONG, LONG])
    assert find_runs(rows, torch.tensor([50, 41])) == [Run(0, 2, 41)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> torch.nn.Module:
    folder = tmp_path_factory.mktemp("model")
    write_small_model(folder, len(WORDS), positions=160, pad=0, end=1)
    return AutoModelForCausalLM.from_pretrained(folder)


tokens = st.integers(2, len(WORDS) - 1)
beginnings = st.sampled_from([[], LONG[:35], LONG, LONG + OTHER[:40], OTHER])
prompts = st.tuples(beginnings, st.lists(tokens, min_size=1, max_size=9)).map(
    lambda parts: parts[0] + parts[1]
)


@given(st.lists(st.tuples(prompts, st.lists(tokens, min_size=1, max_size=6)), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_sharing_changes_no_log_probability_and_no_gradient(
    model: torch.nn.Module, rows: list[tuple[list[int], list[int]]]
) -> None:
    ids, mask, completions = pad_rows(rows)
    is_own = mask[:, -completions:].bool()
    results = []
    for share in (False, True):
        model.zero_grad()
        logps, entropies = compute_token_logps(model, ids, mask, completions, 0.7, share)
        (logps[is_own] * torch.arange(int(is_own.sum()))).sum().backward()
        gradients = [one.grad.clone() for one in model.parameters()]
        results.append([logps[is_own].detach(), entropies[is_own], *gradients])
    for whole, shared in zip(*results, strict=True):
        torch.testing.assert_close(shared, whole, atol=2e-4, rtol=1e-3)


def test_rows_are_computed_once_where_they_are_alike(model: torch.nn.Module) -> None:
    ids, mask, completions = pad_rows([([*LONG, 5 + index], [6, 7]) for index in range(4)])
    seen: list[int] = []
    hook = model.get_input_embeddings().register_forward_hook(
        lambda _, args, __: seen.append(args[0].numel())
    )
    compute_token_logps(model, ids, mask, completions, 1.0, share=True)
    hook.remove()
    assert seen == [len(LONG), 4 * 3]


def test_rows_are_drawn_for_updates_and_keep_their_order_there() -> None:
    torch.manual_seed(3)
    order = arrange_rows(24, 3).view(3, 8)
    assert sorted(order.flatten().tolist()) == list(range(24))
    assert (order.diff(dim=1) > 0).all()
    assert order.flatten().tolist() != list(range(24))
    assert arrange_rows(24, 1).tolist() == list(range(24))
