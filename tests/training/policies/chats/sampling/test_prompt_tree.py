"""The tree of prompts: a prompt is its path, shared parts stand once, prompts of a node are adjacent."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.policies.chats.sampling import prompt_tree
from training.policies.chats.sampling.prompt_tree import PromptNode, build_prompt_tree


def list_nodes(leaves: dict[tuple[int, ...], PromptNode]) -> list[PromptNode]:
    return list(dict.fromkeys(node for leaf in leaves.values() for node in leaf.path()))


def test_prompts_share_their_beginning() -> None:
    system, chunks = list(range(100)), [[7] * 50, [8] * 60]
    memories = [[9, number] * 20 for number in range(3)]
    prompts = [system + chunk + memory for chunk in chunks for memory in memories]
    leaves = build_prompt_tree([*prompts, prompts[0]])
    assert list(leaves) == sorted(map(tuple, prompts))
    assert [len(node.tokens) for node in leaves[tuple(prompts[0])].path()] == [100, 51, 39]
    assert sum(len(node.tokens) for node in list_nodes(leaves)) == 100 + 51 + 61 + 6 * 39


def test_a_short_common_part_is_not_a_node() -> None:
    leaves = build_prompt_tree([[1] * 31 + [2], [1] * 31 + [3]])
    assert [len(leaf.path()) for leaf in leaves.values()] == [1, 1]


def test_a_prompt_may_end_where_others_go_on() -> None:
    leaves = build_prompt_tree([[1] * 40, [1] * 40 + [2], [1] * 40 + [3]])
    whole, *longer = leaves.values()
    assert whole.ends_prompt and [leaf.parent for leaf in longer] == [whole, whole]


def test_no_prompt_has_no_tree_and_an_empty_prompt_is_an_error() -> None:
    assert build_prompt_tree([]) == {}
    with pytest.raises(ValueError, match="a prompt is empty"):
        build_prompt_tree([[1], []])


@given(st.integers(0, 10**6), st.sampled_from([1, 3, 32]), st.sampled_from([1, 5, 2048]))
def test_a_prompt_is_the_tokens_of_its_path(seed: int, min_shared: int, max_node: int) -> None:
    rng = random.Random(seed)
    prompts = [[rng.randrange(2) for _ in range(rng.randint(1, 12))] for _ in range(rng.randint(1, 12))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prompt_tree, "_MIN_SHARED_TOKENS", min_shared)
        patch.setattr(prompt_tree, "_MAX_NODE_TOKENS", max_node)
        leaves = build_prompt_tree(prompts)
    assert set(leaves) == set(map(tuple, prompts))
    order = list(leaves)
    for prompt, leaf in leaves.items():
        path = leaf.path()
        assert tuple(token for node in path for token in node.tokens) == prompt
        assert [node.start for node in path] == [0, *(node.end for node in path[:-1])]
        assert leaf.ends_prompt and all(0 < len(node.tokens) <= max_node for node in path)
    for node in list_nodes(leaves):
        places = [place for place, prompt in enumerate(order) if node in leaves[prompt].path()]
        assert places == list(range(places[0], places[-1] + 1))
