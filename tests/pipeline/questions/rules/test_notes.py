"""Clozes of notes in Markdown: names that a source has once, and no ends of ranges."""

from pathlib import Path

import pytest

from pipeline.chunking import ChunkingContext
from pipeline.chunking.sharded import chunk_shards_in_memory
from pipeline.core.params import Params, Source
from pipeline.parity.build_source import SourceConfig, finish_source
from pipeline.questions.rules.narrative_facts import score_keyword
from pipeline.questions.rules.personal_keywords import find_names
from pipeline.sources import make_reader
from pipeline.text.casing import WordStatistics
from pipeline.text.keywords import Keyword

NOTES = {
    "cat.md": "# Cat\n\n- Adopted in spring from the Dyrebeskyttelsen shelter.\n"
    "- The vet at the clinic is Dr Halvorsen, who is never late.\n- Leave the dough for 12 to 14 hours.\n",
    "bees.md": "# Bees\n\nAn old mentor with a yellow hat is Rosalind Achterberg.\n\n"
    "The choir held its summer party at a bowling place in Bergen.\n",
}


def build(folder: Path, suffix: str, params: Params, context: ChunkingContext) -> dict[str, list[str]]:
    """Return the answers of the clozes of the notes, by sentence."""
    for name, text in NOTES.items():
        (folder / name).with_suffix(suffix).write_text(text, encoding="utf-8")
    questions = {"summary": False, "cloze": 20}
    source = Source.model_validate({"format": "text", "files": ["file:own/**"], "questions": questions})
    reader = make_reader("notes", source)
    chunked = chunk_shards_in_memory(reader, reader.plan(folder, 1 << 20), source.chunking, context)
    config = SourceConfig(source.chunking, source.questions, source.checks, near_duplicate=50)
    instances, _ = finish_source(chunked, [], config, context)
    return {one.text.splitlines()[-1]: one.answers for made in instances for one in made.questions}


def test_names_of_notes_are_asked_for(tmp_path: Path, params: Params, context: ChunkingContext) -> None:
    clozes = build(tmp_path, ".md", params, context)
    assert clozes["An old mentor with a yellow hat is ____."] == ["Rosalind Achterberg"]
    assert clozes["The choir held its summer party at a bowling place in ____."] == ["Bergen"]
    assert clozes["The vet at the clinic is ____, who is never late."] == ["Dr Halvorsen"]
    assert not any("12 to" in sentence or "to 14" in sentence for sentence in clozes)


def test_plain_texts_are_read_as_books_are(tmp_path: Path, params: Params, context: ChunkingContext) -> None:
    """There a capital tells a name only where the source has it often."""
    assert build(tmp_path, ".txt", params, context) == {}


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("The service contract runs through Hollis & Dunne.", []),
        ("Best cropper was Cobra; the Blauhilde barely managed a handful.", ["Cobra", "Blauhilde"]),
        ("We drive to Oslo, Bergen and Narvik.", []),  # a list
        ("lent it to Benedikta", []),  # careless casing
        ("The API of the NAS is slow.", []),
    ],
)
def test_names_by_their_capitals(sentence: str, names: list[str]) -> None:
    assert [one.text for one in find_names(sentence, (), WordStatistics())] == names
    known = [Keyword(0, len(sentence), sentence, "name")]
    assert find_names(sentence, known, WordStatistics()) == []


@pytest.mark.parametrize(
    ("sentence", "is_rejected"),
    [
        ("Leave it overnight, 12 to <14> hours.", True),
        ("Leave it overnight, <12> to 14 hours.", True),
        ("Leave it overnight, 12-<14> hours.", True),
        ("Leave it overnight, 12 or <14> hours.", True),
        ("Boys from 17 to <19> years of age.", False),
        ("Boys from <17> to 19 years of age.", False),
        ("Leave it for 12 hours, then <14> hours.", False),
    ],
)
def test_no_end_of_a_range_is_a_fact(sentence: str, is_rejected: bool) -> None:
    start = sentence.index("<")
    text = sentence[start + 1 : sentence.index(">")]
    keyword = Keyword(start, start + len(text), text, "number")
    assert (score_keyword(keyword, sentence.replace("<", "").replace(">", "")) <= -20) == is_rejected
