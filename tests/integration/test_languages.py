"""Questions in other languages: XQuAD in Arabic, German, Hindi and Chinese, from the mirror."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.chunking import ChunkingContext
from pipeline.core.params import Params, Source
from pipeline.core.schema import Instance, Reject, joined_segments
from pipeline.parity.build_source import SourceConfig, build_source
from pipeline.sources import make_reader
from training.evaluation.bm25 import BM25Index

LANGUAGES = ("ar", "de", "hi", "zh")
END_MARKS = re.compile(r"[.?!](?=\s|$)|[\u3002\uff01\uff1f\u0964\u061f]")


@pytest.fixture(scope="module")
def xquad() -> Path:
    mirror = os.environ.get("MEMCURATE_MIRROR_DIR")
    if not mirror or not (Path(mirror) / "xquad").exists():
        pytest.skip("MEMCURATE_MIRROR_DIR names no folder with xquad")
    return Path(mirror) / "xquad"


def iter_questions(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                yield paragraph["context"], question


def build(
    language: str, xquad: Path, tmp_path: Path, params: Params, context: ChunkingContext
) -> tuple[list[Instance], list[Reject]]:
    """Filtered instances of a language, with the default blocks of the format."""
    (tmp_path / "xquad.json").symlink_to(xquad / f"xquad.{language}.json")
    source = Source.model_validate({"format": "squad", "files": ["file:any"], "language": language})
    parsed = make_reader("made", source).parse(tmp_path)
    config = SourceConfig(
        source.chunking, source.questions, source.checks, params.dataset.near_duplicate, source.language
    )
    return build_source(parsed, config, context)


@pytest.mark.parametrize("language", LANGUAGES)
def test_questions_are_kept_and_found(
    language: str, xquad: Path, tmp_path: Path, params: Params, context: ChunkingContext
) -> None:
    """Bar: no literal answer is dropped, and BM25 ranks the evidence first for three in four questions."""
    instances, rejects = build(language, xquad, tmp_path, params, context)
    assert {one.split for one in instances} == {"train", "test"}
    assert all(
        any(answer["text"].strip() in passage for answer in question["answers"])
        for passage, question in iter_questions(xquad / f"xquad.{language}.json")
    )
    reasons = {one.reason for one in rejects if one.kind == "question"}
    # Of each set, about ten questions are asked twice.
    assert reasons <= {
        "over max_questions",
        "repeated question",
        "near-duplicate question",
        "contradicting questions",
    }
    first = total = 0
    for instance in instances:
        index = BM25Index([joined_segments(chunk) for chunk in instance.chunks])
        for question in instance.questions:
            total += 1
            first += index.rank(question.text, 1) == question.evidence_chunks[:1]
    assert first >= 0.75 * total, f"{first} of {total}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_end_at_the_end_marks(language: str, xquad: Path, context: ChunkingContext) -> None:
    """Bar: within 5 percent."""
    passages = dict.fromkeys(passage for passage, _ in iter_questions(xquad / f"xquad.{language}.json"))
    marks = sum(len(END_MARKS.findall(passage)) for passage in passages)
    ends = 0
    for passage in passages:
        spans = context.splitter.spans(passage)
        ends += len(spans)
        joined = "".join(passage[start:end] for start, end in spans)
        assert re.sub(r"\s", "", joined) == re.sub(r"\s", "", passage)
    assert abs(ends - marks) <= 0.05 * marks, f"{ends} sentences, {marks} marks"
