"""Short documents are joined to instances: nothing is lost, both splits are filled, every chat has a date."""

import json
import random
import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.chunking import ChunkingContext, chunk_source
from pipeline.chunking.sharded import chunk_shards, chunk_shards_in_memory
from pipeline.core.params import BookChunking, ConversationChunking, Source
from pipeline.core.schema import Instance, Reject, segment_text
from pipeline.core.storage import read_rows
from pipeline.sources import SourceReader, make_reader
from pipeline.sources.io import read_span
from tests.integration.project import tree
from tests.pipeline.sources.factories import golden_raw_dir
from tests.pipeline.sources.reading import make_format, parse

CHATS = ConversationChunking(
    strategy="conversations", max_tokens=128, min_chunks=2, max_chunks=4, join_documents=True
)
TEXTS = BookChunking(strategy="books", max_tokens=128, min_chunks=2, max_chunks=4, join_documents=True)


def write_chats(folder: Path, count: int, users: int = 0, dated: bool = False, long: bool = False) -> None:
    """Write chats of two to eight messages, or of sixty, each with words of its own."""
    draw = random.Random(4)
    folder.mkdir(parents=True)
    with (folder / "a.jsonl").open("w") as file:
        for number in range(count):
            messages = [
                {
                    "role": ("user", "assistant")[index % 2],
                    "content": f"Chat {number}, message {index}: hello.",
                }
                for index in range(60 if long else draw.randint(2, 8))
            ]
            record: dict[str, object] = {"messages": messages}
            if users:
                record["user"] = f"u{number % users}"
            if dated:
                record["timestamp"] = f"2024-03-{1 + (7 * number) % 28:02} 10:00"
            file.write(f"{json.dumps(record)}\n")


def chunk(
    folder: Path, context: ChunkingContext, shard_bytes: int = 1 << 20, name: str = "messages"
) -> tuple[list[Instance], list[Reject]]:
    reader = SourceReader("made", make_format(name))
    params = CHATS if name == "messages" else TEXTS
    chunked = chunk_shards_in_memory(reader, reader.plan(folder, shard_bytes), params, context)
    return chunked.instances, chunked.rejects


def test_documents_that_are_parsed_as_a_whole_are_joined_alike(
    tmp_path: Path, context: ChunkingContext
) -> None:
    write_chats(tmp_path / "raw", 60, users=6, dated=True)
    parsed = SourceReader("made", make_format("messages")).parse(tmp_path / "raw")
    assert len(parsed.documents) > 10
    whole = chunk_source(parsed, CHATS, context)
    instances, rejects = chunk(tmp_path / "raw", context)
    assert whole.instances == instances and whole.rejects == rejects
    assert {one.split for one in whole.instances} == {"train", "test"}


def test_the_passages_of_questions_are_joined(tmp_path: Path, context: ChunkingContext) -> None:
    """Their format reads no shards; each is too short alone."""
    rows = [
        {"context": f"Box {n} holds {n} cups.", "question": f"What holds box {n}?", "answers": [f"{n} cups"]}
        for n in range(120)
    ]
    (tmp_path / "qa.jsonl").write_text("\n".join(map(json.dumps, rows)))
    parsed = SourceReader("made", make_format("qa")).parse(tmp_path)
    chunked = chunk_source(parsed, CHATS, context)
    assert chunked.rejects == []
    assert {one.split for one in chunked.instances} == {"train", "test"}
    assert all(2 <= len(one.chunks) <= 4 for one in chunked.instances)
    assert sum(len(chunk.segments) for one in chunked.instances for chunk in one.chunks) == 120


def test_questions_of_a_whole_document_are_rejects_where_it_is_joined(context: ChunkingContext) -> None:
    parsed = parse("beam_100k", golden_raw_dir("beam_100k"))
    questions = [one for document in parsed.documents for one in document.questions]
    chunked = chunk_source(parsed, CHATS, context)
    assert chunked.instances and chunked.document_questions == []
    rejects = [one for one in chunked.rejects if one.kind == "question"]
    assert [one.question for one in rejects] == questions != []
    assert {one.reason for one in rejects} == {"document joined"}
    assert all("set chunking.join_documents to false" in one.detail for one in rejects)


def test_users_of_a_joined_instance_have_names(tmp_path: Path, context: ChunkingContext) -> None:
    """They would contradict each other; one user alone is `User`."""
    write_chats(tmp_path / "six", 60, users=6, dated=True)
    write_chats(tmp_path / "one", 60, users=1, dated=True)
    several = set()
    for instance in chunk(tmp_path / "six", context)[0]:
        speakers = {one.speaker for each in instance.chunks for one in each.segments}
        assert speakers <= {"User", "Assistant", *(f"User u{number}" for number in range(6))}
        assert ("User" in speakers) == (len(speakers) == 2)
        several.add(len(speakers))
    assert max(several) > 2
    alone = chunk(tmp_path / "one", context)[0]
    assert {s.speaker for i in alone for c in i.chunks for s in c.segments} == {"User", "Assistant"}


@pytest.mark.parametrize(
    ("users", "speakers"),
    [
        ([2 * "ab" * 16, 2 * "cd" * 16], {"User abababab", "User cdcdcdcd"}),  # hashes of addresses
        (["a-very-long-name-of-one", "a-very-long-name-of-two"], None),
    ],
)
def test_long_names_of_users_are_shortened_where_they_stay_distinct(
    users: list[str], speakers: set[str] | None, tmp_path: Path, context: ChunkingContext
) -> None:
    chat = [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Hi!"}]
    lines = [json.dumps({"user": user, "messages": chat}) for user in users]
    lines.append(json.dumps({"user": "x", "messages": [{**one, "content": "Hm"} for one in chat]}))
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    (instance,) = (one for one in chunk(tmp_path, context)[0] if one.split == "train")
    found = {segment.speaker for each in instance.chunks for segment in each.segments}
    assert found == {"Assistant", *(speakers or {f"User {user}" for user in users})}


def texts(instances: list[Instance]) -> list[str]:
    return [
        segment_text(chunk, segment)
        for one in instances
        for chunk in one.chunks
        for segment in chunk.segments
    ]


@pytest.mark.parametrize("shard_bytes", [1 << 20, 3000])
@pytest.mark.parametrize("users", [0, 10])
@pytest.mark.parametrize("long", [False, True])
def test_nothing_is_lost_and_both_splits_are_filled(
    shard_bytes: int, users: int, long: bool, context: ChunkingContext, tmp_path: Path
) -> None:
    write_chats(tmp_path / "raw", 20, users, long=long)
    instances, rejects = chunk(tmp_path / "raw", context, shard_bytes)
    assert rejects == []
    lines = (tmp_path / "raw" / "a.jsonl").read_text().splitlines()
    written = [message["content"] for line in lines for message in json.loads(line)["messages"]]
    assert Counter(texts(instances)) == Counter(written)
    assert {one.split for one in instances} == {"train", "test"}
    assert all(len(one.chunks) <= CHATS.max_chunks for one in instances)
    users_of: dict[str, set[str]] = {}
    for one in instances:
        for piece in one.chunks:
            for segment in piece.segments:
                number = int(segment.document.partition("/")[2])
                users_of.setdefault(f"{number % users}" if users else segment.document, set()).add(one.split)
    assert all(len(splits) == 1 for splits in users_of.values())


def test_short_chats_fill_instances(context: ChunkingContext, tmp_path: Path) -> None:
    write_chats(tmp_path / "raw", 100)
    instances, _ = chunk(tmp_path / "raw", context)
    sizes = Counter(len(one.chunks) for one in instances if one.split == "train")
    assert min(sizes) >= CHATS.min_chunks


@pytest.mark.parametrize(("count", "text"), [(25, ""), (25, "他来了，他走了。" * 6), (120, "")])
def test_test_has_an_instance_where_the_source_has_two(
    count: int, text: str, context: ChunkingContext, tmp_path: Path
) -> None:
    """Counted in tokens of the messages: a character of Chinese is more of them."""
    write_chats(tmp_path / "raw", count)
    path = tmp_path / "raw" / "a.jsonl"
    path.write_text(path.read_text().replace("hello.", text or "hello."))
    instances, _ = chunk(tmp_path / "raw", context)
    tokens = Counter[str]()
    for one in instances:
        tokens[one.split] += sum(map(context.tokenizer.count, texts([one])))
    needed = CHATS.min_chunks * CHATS.max_tokens
    expected = max(needed, 0.1 * tokens.total())
    assert 0.8 * expected <= tokens["test"] <= 1.25 * expected < tokens["train"]


def test_half_of_a_source_that_is_too_short_for_two_instances_is_test(
    context: ChunkingContext, tmp_path: Path
) -> None:
    write_chats(tmp_path / "raw", 12)
    sizes = {
        one.split: sum(len(piece.segments) for piece in one.chunks)
        for one in chunk(tmp_path / "raw", context)[0]
    }
    assert min(sizes.values()) >= 0.4 * sum(sizes.values()) and set(sizes) == {"train", "test"}


@pytest.mark.parametrize("dated", [False, True])
def test_every_chat_has_a_date_in_order(dated: bool, context: ChunkingContext, tmp_path: Path) -> None:
    write_chats(tmp_path / "raw", 30, dated=dated)
    instances, _ = chunk(tmp_path / "raw", context)
    for one in instances:
        times = [segment.time or "" for piece in one.chunks for segment in piece.segments]
        assert times == sorted(times) and min(times) >= "2024-01-01"
        documents = {segment.document for piece in one.chunks for segment in piece.segments}
        assert dated or len(set(times)) == len(documents)
        assert all("None" not in piece.text and piece.text.startswith("[Dialogue at") for piece in one.chunks)
        assert all(time.startswith("2024-03") for time in times) or not dated


def test_chats_of_a_user_follow_each_other(context: ChunkingContext, tmp_path: Path) -> None:
    write_chats(tmp_path / "raw", 40, users=8)
    for one in chunk(tmp_path / "raw", context)[0]:
        documents = dict.fromkeys(segment.document for piece in one.chunks for segment in piece.segments)
        users = [int(document.partition("/")[2]) % 8 for document in documents]
        changes = sum(before != after for before, after in pairwise(users))
        assert changes == len(set(users)) - 1


def test_texts_are_joined_below_their_names(context: ChunkingContext, tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    folder.mkdir()
    for number in range(30):
        body = f"Text {number} begins.  It goes on.\n\n" * random.Random(number).randint(1, 9)
        (folder / f"{number:02}.md").write_text(f"# Part of {number}\n\n{body}")
    instances, rejects = chunk(folder, context, name="text")
    assert rejects == []
    assert {one.split for one in instances} == {"train", "test"}
    for one in instances:
        for piece in one.chunks:
            heading = piece.text.partition("The user is reading some texts]\n")[2].partition("\n")[0]
            name = f"Part of {int(piece.segments[0].document[:2])}"
            assert heading in (f"# {name}", f"Title: {name}")  # the text's own heading is not repeated
            for segment in piece.segments:
                assert read_span(folder, segment.source_span) == segment_text(piece, segment)
                assert segment.section == f"Part of {int(segment.document[:2])}"
    together = "".join(texts(instances))
    assert all(together.count(f"Text {number} begins.") >= 1 for number in range(30))


def test_a_heading_of_a_joined_text_is_shown_once(context: ChunkingContext, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    front = "---\ntitle: Trip to Lyon\ndate: 2024-05-06\n---\n"
    (raw / "a.md").write_text(f"{front}# Trip to Lyon\n\nWe went there.\n\n## Food\n\nIt was good.\n")
    (raw / "b.md").write_text("# Garden\n\nPlant beans.\n\n## Wall\n\nIt faces south. It is dry.\n")
    shown = {one.chunks[0].text.split("\n", 1)[1] for one in chunk(raw, context, name="text")[0]}
    closing = "[Remember the details of what was read, and a summary of the texts so far.]"
    assert shown == {
        "Title: Trip to Lyon (2024-05-06)\n# Trip to Lyon\n\nWe went there.\n\n## Food\n\nIt was good.\n\n"
        + closing,
        "# Garden\n\nPlant beans.\n\n## Wall\n\nIt faces south. It is dry.\n\n" + closing,
    }


@pytest.mark.parametrize("is_long", [False, True])
def test_texts_are_read_after_they_were_written(
    is_long: bool, context: ChunkingContext, tmp_path: Path
) -> None:
    """Dates of front matter and of file names are told beside the days of reading, which are drawn."""
    text = "".join(f"Ann saw {n} birds near the lake.\n\n" for n in range(100 if is_long else 6))
    for day in range(1, 29):
        (tmp_path / f"{day}.md").write_text(f"---\ntitle: Day\ndate: 2024-07-{day:02}\n---\n{text}")
    (tmp_path / "2024-10-30 lake.md").write_text(text)
    (tmp_path / "2024-77-30 and 2023-01-01.md").write_text(text)
    instances, _ = chunk(tmp_path, context, name="text")
    assert len(instances) > 4
    shown = set()
    for instance in instances:
        texts = "\n".join(one.text for one in instance.chunks)
        names = {segment.document for one in instance.chunks for segment in one.segments}
        written = re.findall(r"\((\d{4}-\d\d-\d\d)\)", texts) + ["2024-10-30"] * any(
            "lake" in n for n in names
        )
        assert min(one.time[:10] for one in instance.chunks) > max(written, default="2023-12-31")
        shown |= set(written)
    assert is_long or "2024-10-30" in shown


def test_joined_texts_have_a_space_between_sentences_only_where_they_had_one(
    context: ChunkingContext, tmp_path: Path
) -> None:
    text = "Look! ![a photo](a.png) It is mine. 他来了。他走了。 "
    tmp_path.joinpath("texts").mkdir()
    for number in range(30):
        (tmp_path / "texts" / f"{number}.txt").write_text(f"{text}Note {number}. " * 3)
    instances, rejects = chunk(tmp_path / "texts", context, name="text")
    shown = " ".join(chunk.text for instance in instances for chunk in instance.chunks)
    assert rejects == [] and shown.count("Look! ![a photo](a.png) It is mine.") == 90
    assert shown.count("他来了。他走了。") == 90


def test_shards_make_the_same_files_with_any_workers(
    context: ChunkingContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_chats(tmp_path / "raw", 60, users=7)
    reader = SourceReader("made", make_format("messages"))
    shards = reader.plan(tmp_path / "raw", 3000)
    assert len(shards) > 2
    for workers in ("1", "2"):
        monkeypatch.setenv("MEMCURATE_WORKERS", workers)
        target = tmp_path / workers
        target.mkdir()
        chunk_shards(reader, shards, CHATS, context, target, tmp_path / f"parts{workers}")
    assert tree(tmp_path / "1") == tree(tmp_path / "2")
    expected = chunk_shards_in_memory(reader, shards, CHATS, context).instances
    found = list(read_rows(tmp_path / "1" / "instances.parquet", Instance))
    assert found == sorted(expected, key=lambda one: one.id)
    other = replace(context, seed=context.seed + 1)
    assert chunk_shards_in_memory(reader, shards, CHATS, other).instances != expected


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_texts_that_are_joined_keep_their_lines(
    line_end: str, context: ChunkingContext, tmp_path: Path
) -> None:
    """Of lists, of nested ones, and of lines that end with a full stop."""
    lists = (
        "# Packing\n\n- Tent (1.72 kg), pegs in the pouch!\n- Stove: Primus\n  1. Prime.\n  2. Light.\n\n"
        "Total was 13.4 kg.\nMuch less. Than last year."
    )
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "packing.md").write_bytes(lists.replace("\n", line_end).encode())
    (tmp_path / "raw" / "other.md").write_text("# Other\n\nNothing. At all.")
    source = Source.model_validate({"format": "text", "files": ["file:raw/**"]})
    reader = make_reader("notes", source)
    shards = reader.plan(tmp_path / "raw", 1 << 20)
    instances = chunk_shards_in_memory(reader, shards, source.chunking, context).instances
    shown = "\n".join(piece.text for one in instances for piece in one.chunks).replace("\r\n", "\n")
    assert lists in shown
    assert "Nothing. At all." in shown
    assert "- Stove: Primus" in texts(instances)
