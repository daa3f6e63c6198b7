"""What is recalled: the best entries first, and never more than an answerer may read."""

from hypothesis import given
from hypothesis import strategies as st

from tests.training.making import words
from training.memory import Memory
from training.recall import FromChunks, FromMemory, NewestChunks, Nothing, Piece, fitted
from training.retrieval import Ranking

CITIES = ["Ann lives in Rome", "Bob lives in Oslo", "Cid lives in Lima", "Dan has a dog"]


def test_the_best_come_first() -> None:
    ranking = Ranking(CITIES)
    assert ranking.best("Where does Bob live, in Oslo?", 4)[0] == 1
    assert ranking.best("the dog of Dan", 1) == [3]
    assert list(ranking.scores("nothing known") > 0) == [False] * 4


def test_of_equal_ones_the_later_comes_first() -> None:
    assert Ranking(["a cat", "a cat", "a cat"]).best("cat", 2) == [2, 1]
    assert Ranking(CITIES).best("", 4) == [3, 2, 1, 0]


def test_texts_without_words() -> None:
    assert Ranking([]).best("cat", 3) == []
    assert Ranking(["?", "!"]).best("cat", 3) == [1, 0]
    assert Ranking(["?", "cat"]).best("cat", 1) == [1]


def test_core_comes_first_then_the_lists_by_turns() -> None:
    memory = Memory(words, 20)
    memory.rewrite_core("about cats")
    for text in ("a red cat", "a blue dog", "a green cat"):
        memory.lists["semantic"].insert(text)
    memory.lists["episodic"].insert("2024 the cat slept")
    recalled = FromMemory(memory, best=2).recall("which cat is green?")
    assert [piece.name for piece in recalled] == ["core", "s3", "e1", "s1"]
    assert FromMemory(Memory(words, 20), best=2).recall("cat?") == []


def test_chunks_are_recalled_by_number() -> None:
    recall = FromChunks(CITIES, 16)
    assert recall.recall("Who lives in Lima?")[0].name == "chunk 2"
    assert len(recall.recall("x")) == 2
    assert recall.tokens == 16


def test_a_long_context_holds_the_newest_whole_chunks_in_order() -> None:
    recall = NewestChunks(CITIES, 9, words)
    assert [piece.name for piece in recall.recall("anything")] == ["chunk 2", "chunk 3"]
    assert recall.tokens == 8


def test_an_empty_memory_recalls_nothing() -> None:
    assert Nothing().recall("x") == []
    assert Nothing().tokens == 0


@given(st.lists(st.text("ab \n", max_size=30)), st.integers(min_value=0, max_value=40))
def test_what_is_read_fits_and_is_a_beginning(texts: list[str], most: int) -> None:
    pieces = [Piece(str(number), text) for number, text in enumerate(texts)]
    kept = fitted(pieces, most, words)
    assert sum(words(piece.text) for piece in kept) <= most
    whole = " ".join(texts).split()
    read = " ".join(piece.text for piece in kept).split()
    assert read == whole[: len(read)]
    assert len(read) == min(most, len(whole))
