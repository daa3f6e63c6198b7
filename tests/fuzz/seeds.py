"""Seeds: small valid inputs of every door, which are mutated."""

import io
import json
import tarfile
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel

from pipeline.checks.human_review import COLUMNS
from pipeline.core.schema import Instance
from pipeline.core.storage import write_rows
from pipeline.llm.response_cache import LLMResponse
from pipeline.publish.data_sources import DataSourceNames
from pipeline.publish.mem_alpha import export_instances
from tests.conftest import ROOT
from tests.pipeline.questions.factories import make_instance, make_question
from tests.pipeline.sources.factories import GOLDEN


class Reply(BaseModel):
    """The shape that replies are asked for."""

    question: str
    answers: list[str]
    right: bool = True


@cache
def json_texts() -> Sequence[bytes]:
    """Small JSON files of the golden sources, and values."""
    files = [path.read_bytes() for path in sorted(GOLDEN.glob("*/raw/*.json"))]
    return [*files, b'{"a": [1, 2.5, null, true, "\\ud83d\\ude80"]}', b"[]", b'"text"', b"1"]


@cache
def articles() -> Sequence[bytes]:
    """SQuAD files of the golden sources."""
    return [path.read_bytes() for path in sorted(GOLDEN.glob("squad*/raw/*.json"))]


@cache
def tables() -> Sequence[bytes]:
    """CSV, TSV, JSONL and JSON."""
    return [
        b'text,label\n"a, b",x\nc,"d ""e"" f"\n',
        b'text\tlabel\na "b\tc\n"d\te\n',
        b'{"text": "a", "label": "x"}\n{"text": "b"}\n\n',
        b'[{"text": "a", "label": "x"}, {"text": "b", "label": null}]',
    ]


@cache
def own_files() -> Sequence[bytes]:
    """A file in each format of one's own data."""
    chat = {
        "messages": [
            {"role": "user", "content": "I live in Rome."},
            {"role": "assistant", "content": "Nice!"},
        ]
    }
    return [
        json.dumps(chat).encode() * 2,
        b"\n".join([json.dumps(chat).encode()] * 12),
        b'{"conversation": [{"from": "human", "value": ["a", {"text": "b"}]}, '
        b'{"from": "gpt", "value": "c"}], "timestamp": 1700000000}\n',
        b'{"context": "Ann is in Rome.", "question": "Where is Ann?", "answers": {"text": ["Rome"]}}\n' * 3,
        b"at,who,what\n2024-01-02 10:00,Ann,First.\n2024-01-03,Bob,Second.\n",
        b"text,label\nOne,a\nTwo,b\nThree,a\nFour,b\n",
        b"---\na: b\n---\n# One\n\nAnn met Bob in Rome. It was late.\n\n## Two\n\n```\n# x\n```\n",
        b'{"data": [{"title": "T", "paragraphs": [{"context": "C is D.", "qas": [{"question": "What?", '
        b'"answers": [{"text": "D"}]}]}]}]}',
        b'{"texts": ["One", "Two", "Three"], "labels": [0, "1", 1], "names": {"0": "a", "1": "b"}, '
        b'"pairs": [["One", "a"], ["Two", "b"], ["Three"]], "other": [["Four", "c"]]}',
        b'{"title": "T", "chapter": "1", "text": "Ann met Bob.", "summary": [{"text": "They met."}]}\n',
        b'[{"sample_id": 1, "conversation": {"session_1_date_time": "1:56 pm on 8 May, 2023", "session_1": '
        b'[{"speaker": "Ann", "dia_id": "D1:1", "text": "I am in Rome."}]}, "qa": [{"question": "Where is '
        b'Ann?", "answer": "Rome", "evidence": ["D1:1"], "category": 4}]}]',
        b'{"conversation_id": "1", "chat": [[{"role": "user", "id": 0, "time_anchor": "March-15-2024", '
        b'"content": "I am in Rome. ->-> 1,1"}], {"plan-1": [{"batch_number": 1, "turns": [[{"role": '
        b'"user", "id": 1, "content": "And now in Oslo."}]]}], "plan-2": null}], "probing_questions": '
        b"\"{'knowledge_update': [{'question': 'Where am I?', 'rubric': ['LLM response should "
        b"state: Oslo'], 'source_chat_ids': {'a': [0], 'b': [1]}}]}\"}\n",
        b'{"uuid": "u", "sessions": [{"start_time": "Sep 04, 2025, 21:12:31", "dialogue": [{"role": "user", '
        b'"content": "I am in Rome.", "timestamp": "Sep 04, 2025, 21:12:31"}], "memory_points": '
        b'[{"memory_content": "Ann is in Rome", "is_update": "True", "original_memories": ["x"]}], '
        b'"questions": [{"question": "Where is Ann?", "answer": "Rome", "question_type": "Dynamic Update", '
        b'"evidence": [{"memory_content": "Ann is in Rome"}]}]}]}\n',
        *_exported_chats(),
    ]


def _exported_chats() -> list[bytes]:
    """A chat as each messenger exports it."""
    iphone = (
        "[31/12/23, 22:15:22] Ann: I live in Rome.\r\nAnd you?\r\n"
        "\u200e[1/1/24, 9:05:00] Bob: \u200eimage omitted\r\n[1/1/24, 9:06:00] Bob: In Oslo.\r\n"
    )
    android = (
        "3/2/24, 10:15\u202fPM - Ann added Bob\n3/2/24, 10:16\u202fPM - Ann: Hi!\n"
        "3/3/24, 9:00\u202fAM - Bob: IMG-20240303-WA0001.jpg (file attached)\nHo. <This message was edited>\n"
    )
    telegram = {"id": 1, "type": "message", "date": "2024-01-02T10:01:00", "from": "Ann"}
    parts = ["See ", {"type": "link", "text": "https://a.org"}, " now"]
    discord = {"type": "Default", "timestamp": "2024-01-02T10:00:00+00:00", "content": "In Rome."}
    slack = {"type": "message", "user": "U1", "ts": "1704189600.000100", "text": "Hi <@U2>"}
    values: tuple[object, ...] = (
        {"name": "Ann", "messages": [{**telegram, "type": "service"}, {**telegram, "text": parts}]},
        {"guild": {}, "channel": {}, "messages": [{**discord, "author": {"name": "ann", "nickname": "Ann"}}]},
        [{**slack, "thread_ts": "1704189600.000100"}, {**slack, "subtype": "channel_join"}],
    )
    return [iphone.encode(), android.encode(), *(json.dumps(value).encode() for value in values)]


@cache
def params() -> Sequence[bytes]:
    """The project's own."""
    return [(ROOT / name).read_bytes() for name in ("params.yaml", "params.paper.yaml")]


@cache
def archives() -> Sequence[bytes]:
    """A zip and a tar.gz."""
    zipped, tarred = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/b.txt", "text " * 50)
        archive.writestr("c.json", "{}")
    with tarfile.open(fileobj=tarred, mode="w:gz") as tar:
        info = tarfile.TarInfo("a/b.txt")
        info.size = 5
        tar.addfile(info, io.BytesIO(b"text\n"))
    return [zipped.getvalue(), tarred.getvalue()]


def _instances() -> list[Instance]:
    made = []
    for number in range(3):
        name = f"made/i{number}"
        one = make_instance(
            name, {f"{name}s0": "Rome is old."}, {f"{name}s1": "Oslo is cold. 🚀"}, labels=["x"]
        )
        one.questions = [make_question(f"{name}q", "How old is Rome?", ["old"], [f"{name}s0"], [0])]
        made.append(one)
    return made


def _written(write: object) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file.parquet"
        write(path)  # type: ignore[operator]  # a function of a path
        return path.read_bytes()


@cache
def datasets() -> Sequence[bytes]:
    """A split in our schema."""
    return [_written(lambda path: write_rows(path, Instance, _instances()))]


@cache
def published() -> Sequence[bytes]:
    """A split in Mem-alpha's schema, as JSON in strings and as lists and structs."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts, asked = ["Rome is old.", "Oslo is cold."], [{"question": "How old is Rome?", "answer": "old"}]
    rows = {
        "chunks": [texts],
        "questions_and_answers": [asked],
        "data_source": ["squad"],
        "metadata": [None],
        "instance_id": [0],
    }
    as_json = rows | {"chunks": [json.dumps(texts)], "questions_and_answers": [json.dumps(asked)]}
    return [
        _written(lambda path: export_instances(path, _instances(), DataSourceNames({"made": "SQuAD"}))),
        _written(lambda path: pq.write_table(pa.table(rows), path)),
        _written(lambda path: pq.write_table(pa.table(as_json), path)),
    ]


@cache
def reviews() -> Sequence[bytes]:
    """A review file."""
    head = ",".join(COLUMNS)
    return [
        f'{head}\n"made/q","bad","why","How old?","old","Rome is ""old""."\n'.encode(),
        f'{head}\n"made/r","","","a","b","c"\n'.encode(),
    ]


@cache
def answer_files() -> Sequence[bytes]:
    """Exported answers."""
    rows = [LLMResponse(f"{n:064x}", "model", "text", None, None, True, 3, 4, 0.5) for n in range(3)]
    return [_written(lambda path: write_rows(path, LLMResponse, rows))]


@cache
def completions() -> Sequence[bytes]:
    """Bodies of completions."""
    usage = {"prompt_tokens": 3, "completion_tokens": 4}
    call = {
        "id": "c1",
        "type": "function",
        "function": {"name": "memory_delete", "arguments": '{"memory_id": "s1"}'},
    }
    messages = (
        {"role": "assistant", "content": "kite"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "assistant", "content": [{"type": "text", "text": "ki"}, {"type": "text", "text": "te"}]},
        {"role": "assistant", "content": None, "refusal": "no"},
    )
    bodies = [
        {"id": "1", "choices": [{"index": 0, "message": one, "finish_reason": "stop"}], "usage": usage}
        for one in messages
    ]
    return [
        json.dumps(body).encode() for body in (*bodies, {"error": {"message": "no credits", "code": 402}})
    ]


@cache
def batch_lines() -> Sequence[bytes]:
    """Lines of a batch's results, and states of a batch."""
    lines: tuple[object, ...] = (
        {"custom_id": "a", "response": {"status_code": 200, "body": {"choices": []}}, "error": None},
        {"custom_id": "a", "response": {"status_code": 400, "body": {"error": {"message": "no"}}}},
        {"custom_id": "a", "response": None, "error": {"code": "batch_expired", "message": "too late"}},
        {"status": "failed", "errors": {"data": [{"message": "no such model"}]}},
        {"status": "in_progress", "request_counts": {"completed": 1, "total": 2}},
    )
    return [json.dumps(line).encode() for line in lines]


@cache
def replies() -> Sequence[bytes]:
    """Replies that are to be JSON, good and nearly good."""
    good = json.dumps({"question": "How old is Rome?", "answers": ["old, very", "{old}"], "right": True})
    return [
        good.encode(),
        f"<think>It is {{old}}.</think>\n```json\n{good}\n```".encode(),
        b"{'question': 'How old?', 'answers': ['old',], 'right': True,}",
        b'{"question": "How old is Rome? \\ud83d\\ude80", "answers": ["old"',
        f"I think\n</think>{good}".encode(),
    ]


@cache
def calls() -> Sequence[bytes]:
    """Replies with tool calls in the dialects that models write."""
    arguments = {"memory_type": "semantic", "content": "Rome is <b>old</b>, </tool_call> they {say}."}
    call = json.dumps({"name": "new_memory_insert", "arguments": arguments})
    nested = json.dumps(
        {"tool_calls": [{"function": {"name": "memory_delete", "arguments": json.dumps(arguments)}}]}
    )
    core = json.dumps(
        {"name": "memory_update", "arguments": {"memory_type": "core", "new_content": "Rome 🚀"}}
    )
    return [
        f"<tool_call>{call}</tool_call>\n<tool_call>{core}</tool_call>".encode(),
        f"<think>{call}</think><tool_call>{core}".encode(),
        f"```json\n[{call}, {core}]\n```".encode(),
        nested.encode(),
        b'[new_memory_insert(memory_type="episodic", content="2024-01-01 she\'s in Rome")]',
        f"[TOOL_CALLS][{call}]".encode(),
        b"<function=memory_update><parameter=memory_type>core</parameter>"
        b"<parameter=new_content>x</parameter></function>",
        b"<|channel|>commentary to=functions.memory_delete <|constrain|>json<|message|>"
        b'{"memory_id": "s1"}<|call|>',
    ]


@cache
def verdicts() -> Sequence[bytes]:
    """Verdicts of a judge, and answers."""
    return [
        b"[true, false, TRUE]",
        b"<think>[false]</think> [true]",
        b"The answer is \\boxed{3}.",
        b"Sample: a\nLabel: 3",
    ]


@cache
def matches() -> Sequence[bytes]:
    """A gold answer, and a reply to be matched."""
    return [
        text.encode()
        for text in (
            "Rome\nIt is Rome, or Oslo.",
            "42\nforty-two, not 43",
            "A. E. Smith\nAlfred Edward Smith, not Jones",
            "May 3, 2024\n3rd of May 2024",
            "yes\nNo, it is not.",
            "1,000,000\none million",
        )
    ]


@cache
def texts() -> Sequence[bytes]:
    """Running text in several scripts."""
    return [
        b"It was the best of times. Mr. Smith said: 'No!' He left at 5 p.m. on 3 May 1850.",
        "हिन्दी में क्षमा। العَرَبِيَّة نص. 日本語の文章。한국어 문장입니다. Ça dépend… naïve café".encode(),
        b"def f(x):\n    return x\n\n\n* one\n* two\n",
    ]


@cache
def chunks() -> Sequence[bytes]:
    """Chunks as they are rendered."""
    return [
        b"[Dialogue between User and Assistant on 2024-01-01 00:00]\n<User> Here are samples\n"
        b"Sample: a b\nLabel: 3\n<Assistant> I have seen them.",
        b"[Dialogue at timestamp 2024-05-01 12:00]\n<Ann> I moved to Leeds. My cat is Tom.\n<Bob> Nice!\n",
        b"[Event happened on 2024-01-01 The user is reading a book]\nEmma Woodhouse, handsome and rich.\n"
        b"[Remember the details.]",
        b"[Dialogue between User and Assistant on 2024-01-01 00:00]\n<User> Please read\nTitle: Rome\n"
        b"Rome is old.\n\n<Assistant> I have read the passages.",
    ]


@cache
def places() -> Sequence[bytes]:
    """Places in raw files, and locators."""
    return [
        *(b"dev.json#/data/0/paragraphs/3", b"alice.txt@1200-1500", b"a.json#/x~1y/0@3-9"),
        *(
            b"pypi:nltk-data==1.0!corpora/**",
            b"hf:owner/name@0123456789012345678901234567890123456789/a.json",
        ),
        *(b"https://host/path/file.zip!*.txt", b"file:own/a.jsonl"),
    ]
