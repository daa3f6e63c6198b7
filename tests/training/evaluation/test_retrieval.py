"""Retrieval: the best passages come first, and never more than an answerer may read."""

from hypothesis import given
from hypothesis import strategies as st

from tests.training.factories import count_words
from training.evaluation.bm25 import BM25Index
from training.evaluation.retrieval import (
    ChunkRetriever,
    EmptyMemory,
    LongContext,
    MemoryRetriever,
    Passage,
    truncate_passages,
)
from training.memory.memory import Memory

CITIES = ["Ann lives in Rome", "Bob lives in Oslo", "Cid lives in Lima", "Dan has a dog"]


def test_texts_are_ranked_by_their_scores() -> None:
    index = BM25Index(CITIES)
    assert index.rank("Where does Bob live, in Oslo?", 4)[0] == 1
    assert index.rank("the dog of Dan", 1) == [3]
    assert list(index.scores("nothing known") > 0) == [False] * 4


def test_of_equal_scores_the_later_text_comes_first() -> None:
    assert BM25Index(["a cat", "a cat", "a cat"]).rank("cat", 2) == [2, 1]
    assert BM25Index(CITIES).rank("", 4) == [3, 2, 1, 0]


def test_texts_without_words_can_be_ranked() -> None:
    assert BM25Index([]).rank("cat", 3) == []
    assert BM25Index(["?", "!"]).rank("cat", 3) == [1, 0]
    assert BM25Index(["?", "cat"]).rank("cat", 1) == [1]


def test_core_comes_first_then_both_lists_in_turn() -> None:
    memory = Memory(count_words, 20)
    memory.rewrite_core("about cats")
    for text in ("a red cat", "a blue dog", "a green cat"):
        memory.lists["semantic"].insert(text)
    memory.lists["episodic"].insert("2024 the cat slept")
    passages = MemoryRetriever(memory, top_k=2).retrieve("which cat is green?")
    assert [passage.id for passage in passages] == ["core", "s3", "e1", "s1"]
    assert MemoryRetriever(Memory(count_words, 20), top_k=2).retrieve("cat?") == []


def test_the_best_chunks_are_retrieved_with_their_numbers() -> None:
    retriever = ChunkRetriever(CITIES, [4] * 4)
    assert retriever.retrieve("Who lives in Lima?")[0].id == "chunk 2"
    assert len(retriever.retrieve("x")) == 2
    assert retriever.memory_tokens == 16


def test_under_a_limit_the_newest_whole_chunks_are_kept() -> None:
    retriever = ChunkRetriever(CITIES, [4] * 4, 9)
    assert {passage.id for passage in retriever.retrieve("x")} == {"chunk 2", "chunk 3"}
    assert retriever.memory_tokens == 8
    assert ChunkRetriever(CITIES, [4] * 4, 3).retrieve("Who lives in Lima?") == []


def test_a_long_context_holds_the_newest_whole_chunks_in_order() -> None:
    retriever = LongContext(CITIES, 9, count_words)
    assert [passage.id for passage in retriever.retrieve("anything")] == ["chunk 2", "chunk 3"]
    assert retriever.memory_tokens == 8


def test_an_empty_memory_retrieves_nothing() -> None:
    assert EmptyMemory().retrieve("x") == []
    assert EmptyMemory().memory_tokens == 0


@given(st.lists(st.text("ab \n", max_size=30)), st.integers(min_value=0, max_value=40))
def test_truncated_passages_fit_and_are_a_prefix_of_all(texts: list[str], max_tokens: int) -> None:
    passages = [Passage(str(number), text) for number, text in enumerate(texts)]
    kept = truncate_passages(passages, max_tokens, count_words)
    assert sum(count_words(passage.text) for passage in kept) <= max_tokens
    whole = " ".join(texts).split()
    read = " ".join(passage.text for passage in kept).split()
    assert read == whole[: len(read)]
    assert len(read) == min(max_tokens, len(whole))
