"""Exports of chats of two friends, from the file to its filtered questions: both splits have some.

One is in whole words; the other is in small letters and abbreviations, without apostrophes.
"""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from pipeline.chunking import ChunkingContext
from pipeline.chunking.sharded import chunk_shards_in_memory
from pipeline.core.params import Params, Source
from pipeline.core.question_templates import extract_cloze_messages
from pipeline.core.schema import Instance, segment_text
from pipeline.parity.build_source import SourceConfig, finish_source
from pipeline.sources import make_reader
from pipeline.text.normalize import occurs_in

CHAT = Path(__file__).parent / "chat_of_friends.txt"
ABBREVIATED = Path(__file__).parent / "chat_in_abbreviations.txt"


def build(
    tmp_path: Path,
    params: Params,
    context: ChunkingContext,
    seed: int = 20,
    chat: Path = CHAT,
    **questions: int,
) -> list[Instance]:
    """Build a chat with the defaults of its format, but for some keys of `questions`."""
    (tmp_path / "raw").mkdir(exist_ok=True)
    shutil.copy(chat, tmp_path / "raw")
    source = Source.model_validate({"format": "messenger", "files": [f"file:{chat.name}"]})
    context = ChunkingContext("friends", seed, params.split, params.tokenizer, context.assets)
    reader = make_reader("friends", source)
    chunked = chunk_shards_in_memory(reader, reader.plan(tmp_path / "raw", 1 << 20), source.chunking, context)
    config = SourceConfig(
        source.chunking, source.questions.model_copy(update=questions), source.checks, near_duplicate=50
    )
    return finish_source(chunked, [], config, context)[0]


@pytest.mark.parametrize(
    ("chat", "seed"), [*((CHAT, seed) for seed in range(20, 26)), (ABBREVIATED, 20), (ABBREVIATED, 21)]
)
def test_both_splits_of_a_chat_of_two_friends_have_questions(
    chat: Path, seed: int, tmp_path: Path, params: Params, context: ChunkingContext
) -> None:
    """Bar: at least three a chunk."""
    instances = build(tmp_path, params, context, seed, chat)
    assert sorted(one.split for one in instances) == ["test", "train"]
    for one in instances:
        assert 3 * len(one.chunks) <= len(one.questions) <= 6 * len(one.chunks)
        assert one.tokens >= 0.4 * sum(other.tokens for other in instances)


@pytest.mark.parametrize("chat", [CHAT, ABBREVIATED])
def test_answers_stand_in_the_message_that_is_asked_about(
    chat: Path, tmp_path: Path, params: Params, context: ChunkingContext
) -> None:
    """And the messages that a question shows stand right before it, in the same dialogue."""
    num_shown = 0
    for one in build(tmp_path, params, context, chat=chat, min_clozes=50):
        texts = {s.id: segment_text(chunk, s) for chunk in one.chunks for s in chunk.segments}
        for question in one.questions:
            (evidence,), (answer,) = question.evidence, question.answers
            assert question.text.splitlines()[-1].replace("____", answer) in " ".join(texts[evidence].split())
            assert question.source_span is not None
            assert not occurs_in(answer, question.text.partition("\n")[2])
            shown = [message.partition(": ")[2] for message in extract_cloze_messages(question.text)]
            order = list(texts)
            first = max(0, order.index(evidence) - len(shown))
            before = "\n".join(texts[identity] for identity in order[first : order.index(evidence) + 1])
            assert all(message in before for message in shown)
            num_shown += len(shown)
    assert num_shown > 10


def test_plain_facts_are_asked_for_up_to_the_minimum_of_a_chunk(
    tmp_path: Path, params: Params, context: ChunkingContext
) -> None:
    """Off by default of the key, and none beyond it; a long chat has more than a short one."""
    assert build(tmp_path, params, context, min_clozes=0) == []
    few = build(tmp_path, params, context, min_clozes=2)
    many = build(tmp_path, params, context, min_clozes=50)
    for instances, least, most in ((few, 1, 2), (many, 4, 50)):
        for one in instances:
            per_chunk = Counter(question.evidence_chunks[0] for question in one.questions)
            assert all(least <= per_chunk[chunk.index] <= most for chunk in one.chunks)
            assert len({question.evidence[0] for question in one.questions}) == len(one.questions)
    best = {question.id for one in few for question in one.questions}
    assert best < {question.id for one in many for question in one.questions}
