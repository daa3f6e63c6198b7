"""No cloze asks for a half of something, or shows marks of Markdown around its sentence."""

from pathlib import Path

import pytest

from pipeline.chunking import ChunkingContext
from pipeline.chunking.sharded import chunk_shards_in_memory
from pipeline.core.params import Params, Source
from pipeline.parity.build_source import SourceConfig, finish_source
from pipeline.questions.rules.halves import is_estimate, is_half
from pipeline.sources import make_reader
from pipeline.text.keywords import Keyword, KeywordKind

NOTES = {
    "june.md": "# June\n\n**June 3.** Sold the old piano to a kindergarten in Taucha for 300 euros.\n\n"
    "**June 9.** Planted 12 rows of Linda potatoes beside the white currant bush.\n\n"
    "**June 11.** Mr van Loon agreed to pay for the mast behind the boiler house at last.\n",
    "shelf.md": "# Shelf\n\n- 2023-11-04: sawed at Klaus's place since his table saw has a good fence.\n"
    "- Cut list: 2 sides 1800 x 350, 6 boards 764 x 350, back panel from the wardrobe.\n"
    "- The radio will be LoRa at 868 MHz, because the steel frame kills the signal.\n",
    "trials.md": "# Trials\n\nAttempt 2 stuck to the basket although Ruth used more flour than before.\n\n"
    "Attempt 3 with 70 grams of rye was baked by Ruth for 40 minutes in the old oven.\n",
}


def test_clozes_of_markdown_notes(tmp_path: Path, params: Params, context: ChunkingContext) -> None:
    """From the files to the filtered questions."""
    for name, text in NOTES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    questions = {"summary": False, "cloze": 20}
    source = Source.model_validate({"format": "text", "files": ["file:own/**"], "questions": questions})
    reader = make_reader("notes", source)
    chunked = chunk_shards_in_memory(reader, reader.plan(tmp_path, 1 << 20), source.chunking, context)
    config = SourceConfig(source.chunking, source.questions, source.checks, near_duplicate=50)
    instances, _ = finish_source(chunked, [], config, context)
    clozes = {question.text.splitlines()[1]: question for one in instances for question in one.questions}
    assert len(clozes) >= 4
    for shown, question in clozes.items():
        assert shown[0] not in "*-"
        assert [half for half in ("____-11", "____ x", "van ____", "Attempt ____") if half in shown] == []
        span = question.source_span
        assert span is not None
        raw = NOTES[span.file][span.start : span.end]
        assert " ".join(raw.split()) == shown.replace("____", question.answers[0])


@pytest.mark.parametrize(
    ("sentence", "kind", "expected"),
    [
        ("<2023>-11-04: sawed the boards at his place.", "time", True),
        ("It was in 2023-<11>-04 that we sawed.", "number", True),
        ("We sawed in <2023> at his place.", "time", False),
        ("It was version <3>.2 of the parser.", "number", True),
        ("She has <3>. He has four.", "number", False),
        ("Mr van <Loon> agreed to pay.", "name", True),
        ("Van <Loon> agreed to pay.", "name", True),
        ("Anna van der <Berg> agreed to pay.", "name", True),
        ("The van <Bob> bought is old.", "name", True),  # lost: a verb would have to be known
        ("Mr <van Loon> agreed to pay.", "name", False),
        ("We met <Ann Loon> in the van.", "name", False),
        ("Cut 2 sides <1800> x 350 of the board.", "number", True),
        ("Cut 2 sides 1800 x <350> of the board.", "number", True),
        ("Cut <6> boards 764 × 350 of it.", "number", False),
        ("Attempt <2> stuck to the basket.", "number", True),
        ("Attempt <3> with rye was baked.", "number", True),
        ("Planted <12> rows of potatoes.", "number", False),
        ("Invoice #<388> is paid.", "number", True),
        ("A spare tube (<28> inch!!", "number", True),
        ("A spare tube (<28> inch) is there.", "number", False),
        ("I must be out until <august> 10", "time", True),
        ("It starts on 3 <May> at noon.", "time", True),
        ("It starts on the <3> of May.", "number", True),
        ("It starts in <May> 2024.", "time", False),
        ("It starts in <May>, 10 people come.", "time", False),
    ],
)
def test_halves(sentence: str, kind: KeywordKind, expected: bool) -> None:
    start, end = sentence.index("<"), sentence.index(">") - 1
    plain = sentence.replace("<", "").replace(">", "")
    keyword = Keyword(start, end, plain[start:end], kind)
    assert is_half(keyword, plain) == expected


@pytest.mark.parametrize(
    ("before", "expected"), [("are about ", True), ("are ~", True), ("are all ", False), ("Some ", True)]
)
def test_estimates(before: str, expected: bool) -> None:
    sentence = f"{before}35 hours a month"
    assert is_estimate(Keyword(len(before), len(before) + 2, "35", "number"), sentence) == expected
