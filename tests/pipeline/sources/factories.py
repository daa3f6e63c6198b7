"""Golden files of sources and how they are built; raw files, Parquet files and rows for tests.

Golden Parquet files have the columns of the dataset hub, and are written from `rows.json` beside `raw`.
"""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.core.params import (
    BookChunking,
    CheckParams,
    Chunking,
    ConversationChunking,
    EventChunking,
    ExampleChunking,
    LinkedArticleChunking,
    PassageChunking,
    QuestionParams,
    SessionChunking,
    SplitParams,
    WholeDocumentChunking,
)
from pipeline.core.schema import Span
from pipeline.parity.build_source import SourceConfig
from pipeline.sources.io import read_span
from pipeline.sources.parsed import ParsedSource

GOLDEN = Path(__file__).parent / "golden"

# Almost a third of each source is in test, so that a few documents reach both splits.
SPLIT = SplitParams(test_fraction=0.3, max_document_fraction=0.6)

CHUNKING: dict[str, Chunking] = {
    "gutenberg": BookChunking(strategy="books", max_tokens=128, min_chunks=2, max_chunks=3),
    "chitchat": ConversationChunking(strategy="conversations", max_tokens=128, min_chunks=2, max_chunks=3),
    "longmemeval": SessionChunking(
        strategy="sessions",
        max_tokens=160,
        min_questions=2,
        max_questions=2,
        min_instance_tokens=50,
        max_instance_tokens=600,
    ),
    "banking77": ExampleChunking(strategy="examples", instances=3, chunks=2, max_tokens=144, min_examples=3),
    "trec_coarse": ExampleChunking(
        strategy="examples", instances=3, chunks=1, max_tokens=144, min_examples=2
    ),
    "trec_fine": ExampleChunking(strategy="examples", instances=3, chunks=1, max_tokens=144, min_examples=3),
    "squad_dev": PassageChunking(
        strategy="passages", max_tokens=192, min_chunk_tokens=150, min_chunks=2, max_chunks=3
    ),
    "hotpotqa_dev": LinkedArticleChunking(
        strategy="linked_articles",
        max_tokens=192,
        min_chunk_tokens=128,
        target_instance_tokens=150,
        min_chunks=2,
        max_chunks=3,
    ),
    "perltqa": EventChunking(strategy="events", max_tokens=256, min_chunks=2, max_chunks=3),
    "pubmed_rct": ExampleChunking(
        strategy="examples",
        instances=3,
        chunks=2,
        max_tokens=240,
        min_chunk_tokens=180,
        min_examples=2,
        disjoint_examples=True,
    ),
    "booksum": BookChunking(strategy="books", max_tokens=192, min_chunks=2, max_chunks=4),
    "nlu": ExampleChunking(strategy="examples", instances=3, chunks=1, max_tokens=144, min_examples=2),
    "mab_longmemeval": ConversationChunking(
        strategy="conversations", max_tokens=160, min_chunks=1, max_chunks=1000
    ),
    "beam_100k": ConversationChunking(
        strategy="conversations", max_tokens=160, min_chunks=1, max_chunks=1000
    ),
    "mab_infbench_sum": BookChunking(strategy="books", max_tokens=160, min_chunks=1, max_chunks=1000),
    "people": ConversationChunking(strategy="conversations", max_tokens=160, min_chunks=1, max_chunks=1000),
}
CHUNKING |= {
    "squad": CHUNKING["squad_dev"],
    "hotpotqa": CHUNKING["hotpotqa_dev"],
    "longmemeval_train": CHUNKING["longmemeval"],
    "clinc150": CHUNKING["nlu"],
    "beam_10m": CHUNKING["beam_100k"],
    "halumem_medium": CHUNKING["beam_100k"],
    "squad_corrected": WholeDocumentChunking(
        strategy="whole_documents", max_tokens=192, prompt_style="passages"
    ),
}
for name in ("ruler_qa1", "ruler_qa2"):
    CHUNKING[f"mab_{name}"] = WholeDocumentChunking(
        strategy="whole_documents", max_tokens=192, prompt_style="passages"
    )
for name in ("trec_coarse", "trec_fine", "nlu", "clinic150", "banking77"):
    CHUNKING[f"mab_{name}"] = WholeDocumentChunking(
        strategy="whole_documents", max_tokens=144, prompt_style="examples"
    )

KEEP_ALL = CheckParams(
    max_answer_tokens=None,
    drop_yes_no=False,
    drop_answer_in_question=False,
    language="en",
    min_keywords=1,
    min_summary_overlap=0,
    min_questions=0,
    max_questions=100,
)
SHORT_ANSWERS = KEEP_ALL.model_copy(
    update={"max_answer_tokens": 4, "drop_yes_no": True, "drop_answer_in_question": True}
)
CHECKS: dict[str, CheckParams] = {
    "squad_dev": SHORT_ANSWERS.model_copy(update={"min_questions": 1, "max_questions": 9}),
    "hotpotqa_dev": SHORT_ANSWERS.model_copy(update={"min_questions": 1}),
    "longmemeval": KEEP_ALL.model_copy(update={"min_questions": 2}),
    "gutenberg": KEEP_ALL.model_copy(update={"min_keywords": 2}),
    "booksum": KEEP_ALL.model_copy(update={"min_keywords": 2, "min_summary_overlap": 60, "min_questions": 1}),
}
CHECKS |= {
    name: KEEP_ALL.model_copy(update={"unanswerable": "keep"})
    for name in ("beam_100k", "beam_10m", "halumem_medium", "people")
}
CHECKS |= {"squad": CHECKS["squad_dev"], "hotpotqa": CHECKS["hotpotqa_dev"]}
QUESTIONS: dict[str, QuestionParams] = {
    "gutenberg": QuestionParams(source=False, label=0, summary=True, cloze=2),
    "chitchat": QuestionParams(source=False, label=0, summary=False, cloze=2),
    "booksum": QuestionParams(source=False, label=0, summary=True, cloze=0),
    "mab_infbench_sum": QuestionParams(source=False, label=0, summary=True, cloze=0),
}
SOURCE_QUESTIONS = QuestionParams(source=True, label=0, summary=False, cloze=0)
LABELS = QuestionParams(source=False, label=3, summary=False, cloze=0)
NEAR_DUPLICATE = 50


def golden_raw_dir(source: str) -> Path:
    """Return the raw folder of a source; all sets of MemoryAgentBench share one."""
    return GOLDEN / ("memory_agent_bench" if source.startswith("mab_") else source) / "raw"


def make_source_config(source: str) -> SourceConfig:
    """Return the configuration of a golden source."""
    chunking = CHUNKING[source]
    questions = QUESTIONS.get(source, LABELS if chunking.strategy == "examples" else SOURCE_QUESTIONS)
    return SourceConfig(chunking, questions, CHECKS.get(source, KEEP_ALL), NEAR_DUPLICATE)


_TEXTS = pa.list_(pa.string())
_TURN = pa.struct([("content", pa.string()), ("has_answer", pa.bool_()), ("role", pa.string())])
_HOTPOTQA = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "question", "answer", "type", "level")),
        ("supporting_facts", pa.struct([("title", _TEXTS), ("sent_id", pa.list_(pa.int32()))])),
        ("context", pa.struct([("title", _TEXTS), ("sentences", pa.list_(_TEXTS))])),
    ]
)
_LISTS = ("keypoints", "previous_events", "qa_pair_ids", "question_dates", "question_ids", "question_types")
_METADATA = [
    ("demo", pa.string()),
    ("haystack_sessions", pa.list_(pa.list_(pa.list_(_TURN)))),
    *((name, _TEXTS) for name in _LISTS),
    ("source", pa.string()),
]


_MESSAGE = pa.struct(
    [
        ("content", pa.string()),
        ("id", pa.int64()),
        *((name, pa.string()) for name in ("index", "question_type", "role", "time_anchor")),
    ]
)
_TURNS = pa.list_(pa.list_(_MESSAGE))
_BATCH = pa.struct([("batch_number", pa.int64()), ("time_anchor", pa.string()), ("turns", _TURNS)])
_PLANS = pa.list_(pa.struct([(f"plan-{number}", pa.list_(_BATCH)) for number in (1, 10, 2)]))
_BEAM = (
    ("conversation_id", pa.string()),
    (
        "conversation_seed",
        pa.struct(
            [
                ("category", pa.string()),
                ("id", pa.int64()),
                ("subtopics", _TEXTS),
                ("theme", pa.string()),
                ("title", pa.string()),
            ]
        ),
    ),
    ("narratives", pa.string()),
    ("user_profile", pa.struct([("user_info", pa.string()), ("user_relationships", pa.string())])),
    ("conversation_plan", pa.string()),
    (
        "user_questions",
        pa.list_(pa.struct([("messages", pa.list_(_TEXTS)), ("time_anchor", pa.string())])),
    ),
)


def make_beam_schema(chat: pa.DataType = _TURNS) -> pa.Schema:
    """Return BEAM's columns; `chat`: lists of messages, or of plans in the set of 10 million tokens."""
    return pa.schema([*_BEAM, ("chat", chat), ("probing_questions", pa.string())])


def make_hub_schema(path: Path, rows: list[dict[str, object]]) -> pa.Schema:
    """Return the columns of a file, by folder; a context is a string, or a list where rows have lists."""
    if path.parent.parent.name == "hotpotqa":
        return _HOTPOTQA
    if path.parent.parent.name.startswith("beam_"):
        return make_beam_schema(_PLANS if path.parent.parent.name == "beam_10m" else _TURNS)
    lists = any(isinstance(row["context"], list) for row in rows)
    return pa.schema(
        [
            ("context", _TEXTS if lists else pa.string()),
            ("questions", _TEXTS),
            ("answers", pa.list_(_TEXTS)),
            ("metadata", pa.struct(_METADATA)),
        ]
    )


def read_golden_rows(path: Path) -> list[dict[str, object]]:
    """Read the rows of a golden Parquet file from `<its name>.rows.json` beside `raw`."""
    rows: list[dict[str, object]] = json.loads(
        (path.parent.parent / f"{path.stem}.rows.json").read_text(encoding="utf-8")
    )
    return rows


def make_golden_table(path: Path) -> pa.Table:
    """Build the table of a golden Parquet file."""
    rows = read_golden_rows(path)
    return pa.Table.from_pylist(rows, schema=make_hub_schema(path, rows))


def write_golden_parquet(path: Path) -> None:
    """Write a golden Parquet file, in row groups of two so that spans lead into several of them."""
    pq.write_table(make_golden_table(path), path, row_group_size=2)


# The file of each source whose raw folder has one file, or the first of several.
RAW_FILES = {
    "chitchat": "dataset.json",
    "longmemeval": "longmemeval_oracle.json",
    "banking77": "pool.json",
    "trec_coarse": "question_labels.txt",
    "trec_fine": "question_labels.txt",
    "squad_dev": "squad.json",
    "hotpotqa_dev": "hotpotqa.json",
    "squad": "train-v1.1.json",
    "perltqa": "perltmem_en.json",
    "clinc150": "data_full.json",
    "booksum": "train.jsonl",
    "nlu": "train/seq.in",
    "pubmed_rct": "train.txt",
    "halumem_medium": "HaluMem-Medium.jsonl",
}
JSON_SOURCES = [source for source, name in RAW_FILES.items() if name.endswith(".json")]


def write_raw_file(folder: Path, source: str, content: bytes) -> str:
    """Write the source's file into its raw folder; return its name."""
    name = RAW_FILES.get(source, "austen-emma.txt")
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return name


def make_turn(text: str, sender: str, time: str = "2018-05-02T19:38:15Z") -> list[dict[str, str]]:
    """Make a turn of a chitchat chat, with one message."""
    return [{"text": text, "timestamp": time, "sender": sender}]


def make_benchmark_row(**fields: Any) -> dict[str, Any]:
    """Make a row of MemoryAgentBench with one session."""
    turns = [{"role": "user", "content": "I keep bees."}, {"role": "assistant", "content": "How many?"}]
    row = {
        "context": repr(["Chat Time: 2022/11/17 (Thu) 12:04", turns]),
        "questions": ["What does the user keep?"],
        "answers": [["bees"]],
        "metadata": {"source": "longmemeval_s*", "question_ids": ["q1"]},
    }
    return row | fields


def read_required_span(raw_dir: Path, span: Span | None) -> str:
    """Read the characters of a span, which must not be None."""
    assert span is not None
    return read_span(raw_dir, span)


def collect_spans(parsed: ParsedSource) -> list[tuple[Span, str]]:
    """Collect (span, text) of all segments, examples, questions and chapters of a parsed source."""
    segments = [segment for document in parsed.documents for segment in document.segments]
    spans = [(segment.source_span, segment.text) for segment in [*segments, *parsed.labelled_examples]]
    spans += [(question.source_span, question.text) for question in parsed.questions if question.source_span]
    for book in parsed.books:
        spans += [(Span(book.file, "", start, end), book.text[start:end]) for start, end, _ in book.chapters]
    return spans
