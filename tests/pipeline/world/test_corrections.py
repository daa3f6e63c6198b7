"""Corrections of passages: what can be corrected, by what, and what a record holds."""

import json
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import MemcurateError
from pipeline.core.params import Corrections
from pipeline.world.answer_kinds import find_kind, load_rules, may_replace
from pipeline.world.correctable import ArticleText, find_all, list_correctable, locate
from pipeline.world.corrections import iter_records
from pipeline.world.files import write_corrections
from pipeline.world.squad_articles import SquadArticle, SquadParagraph, SquadQuestion, read_articles
from tests.pipeline.sources.factories import GOLDEN

RAW = GOLDEN / "squad_corrected" / "raw"
PARAMS = Corrections(test=50, min_distance=2, max_distance=4)


def make_article(*paragraphs: tuple[str, dict[str, list[str]]], title: str = "The mill") -> SquadArticle:
    """Make an article of (text, answers by question)."""
    return SquadArticle(
        0,
        title,
        tuple(
            SquadParagraph(
                number,
                text,
                tuple(
                    SquadQuestion(index, f"q{index}", question, tuple(answers))
                    for index, (question, answers) in enumerate(asked.items())
                ),
            )
            for number, (text, asked) in enumerate(paragraphs)
        ),
    )


def list_olds(article: SquadArticle) -> list[str]:
    return [one.old for one in list_correctable(article, ArticleText(article))]


def check_records(records: list[dict[str, Any]], articles: list[SquadArticle]) -> None:
    """Check what holds for every correction of some articles."""
    framings = load_rules()["framings"]
    for record, article in zip(records, articles, strict=True):
        paragraphs = {one.index: one for one in article.paragraphs}
        told = " ".join([article.title, *(one.text for one in article.paragraphs)])
        order = list(paragraphs)
        assert len({one["new"] for one in record["corrections"]}) == len(record["corrections"])
        for one in record["corrections"]:
            paragraph = paragraphs[one["paragraph"]]
            assert paragraph.text[one["start"] :].startswith(one["old"])
            assert len(list(find_all(one["text"], one["new"]))) == 1
            assert not list(find_all(one["text"], one["old"]))
            assert not list(find_all(told, one["new"]))
            (at,) = find_all(one["sentence"], one["new"])
            before, after = one["sentence"][:at], one["sentence"][at + len(one["new"]) :]
            assert f"{before}{one['old']}{after}" in paragraph.text
            wordings = [
                framing.format(title=article.title, sentence=one["sentence"])
                for framing in framings[record["split"]]
            ]
            assert one["text"] in wordings
            assert order.index(one["after"]) > order.index(one["paragraph"])
            corrected = {question["index"] for question in one["questions"]}
            answered = {
                question.index
                for question in paragraph.questions
                if any(one["old"] in answer for answer in question.answers)
            }
            assert corrected == answered and corrected


@settings(max_examples=40)
@given(seed=st.integers(0, 1 << 40), percent=st.integers(0, 100), test=st.integers(0, 100))
def test_a_correction_holds_the_new_value_and_not_the_old_one(seed: int, percent: int, test: int) -> None:
    articles = read_articles(RAW / "squad.json")
    params = PARAMS.model_copy(update={"seed": seed, "percent": percent, "test": test})
    records = list(iter_records(params, {"squad.json": articles}))
    check_records(records, articles)
    assert records == list(iter_records(params, {"squad.json": articles}))
    splits = {record["split"] for record in records}
    assert splits == ({"train"} if test == 0 else splits) and ("test" in splits) == (test > 0)
    assert sum(len(record["corrections"]) for record in records) <= 8 * percent / 100 + 1


def test_real_passages_have_corrections(raw: Path) -> None:
    articles = read_articles(raw / "squad_dev" / "squad.json")
    records = list(iter_records(Corrections(), {"squad.json": articles}))
    check_records(records, articles)
    assert [record["split"] for record in records].count("test") == 7
    corrections = [one for record in records for one in record["corrections"]]
    assert len(corrections) > 50
    kinds = {one["kind"].split()[0] for one in corrections}
    assert {"year", "number"} < kinds
    fewer = list(iter_records(Corrections(percent=40), {"squad.json": articles}))
    assert 15 < sum(len(record["corrections"]) for record in fewer) < len(corrections) / 2


def test_the_files_are_written_as_they_are_in_the_golden_folder(tmp_path: Path) -> None:
    """So that the golden source is read from what the fetch stage writes."""
    (tmp_path / "squad.json").write_bytes((RAW / "squad.json").read_bytes())
    size = write_corrections(PARAMS, tmp_path)
    written = (tmp_path / "corrections.jsonl").read_bytes()
    assert written == (RAW / "corrections.jsonl").read_bytes() and len(written) == size
    assert write_corrections(PARAMS, tmp_path) == size, "what it wrote before is not an article"


@pytest.mark.parametrize(
    ("question", "answer", "kind"),
    [
        ("When was it built?", "1894", "year"),
        ("How many metres wide is it?", "1894", None),  # maybe a year
        ("How many metres wide is it?", "389", "number 000"),
        ("In which decade was it built?", "1890s", "decade"),
        ("When did it open?", "4 May 1894", "date 0 month 0"),
        ("When did it open?", "May 4, 1894", "date month 0, 0"),
        ("When did it open?", "the spring of 1894", None),
        ("How many sacks were sold?", "6,200 sacks", "number 0,000"),
        ("How much of it is salt?", "3.5%", "number 0.0"),
        ("Which rank does it have?", "12th", None),
        ("What is its population rank?", "12th", None),
        ("Which bus goes there?", "12", None),
        ("Who paid for it?", "Walter Brandis", "person, men"),
        ("Who drew it?", "Maria B. Okoye", "person, women"),
        ("Who paid for it?", "The Council", None),
        ("What did he found?", "Walter Brandis", None),
        ("What city is it in?", "Orlen", "city"),
        ("What colour is it?", "Orlen", None),
    ],
)
def test_the_kind_of_an_answer(question: str, answer: str, kind: str | None) -> None:
    assert find_kind(question, answer) == kind


@pytest.mark.parametrize(
    ("kind", "old", "new", "sentence", "right"),
    [
        ("year", "1894", "1899", "It was built in 1894.", True),
        ("year", "1894", "1924", "It was built in 1894.", False),  # too far
        ("year", "1894", "1902", "It was built in 1894 and sold in 1900.", False),  # after it was sold
        ("year", "1894", "1899", "It was built in 1894 and sold in 1900.", True),
        ("number 00", "40", "40", "It has 40 rooms.", False),
        ("number 00", "40", "75", "It has 40 rooms.", True),
        ("number 00", "40", "85", "It has 40 rooms.", False),  # over twice as many
        ("number 00", "60%", "105%", "It is 60% salt.", False),
        ("number 00", "12", "15", "It has 12 rooms, those beside it 14 rooms.", False),  # more than those
        ("number 00", "12 million", "15 million", "It cost 12 million, in 14 years.", True),
        ("number 00", "12 million", "15 million", "It cost 12 million of 13 million.", False),
        ("date month", "May", "April", "It opens in May and closes in June.", False),
        ("date 0 month 0", "4 May 1894", "7 June 1895", "It opened on 4 May 1894.", True),
        ("city", "Orlen", "Orlenburg", "It is in Orlen.", False),
    ],
)
def test_what_may_replace_an_answer(kind: str, old: str, new: str, sentence: str, right: bool) -> None:
    assert may_replace(kind, old, new, sentence, sentence) is right


SENTENCE = "The mill of the lower village was built in 1894 by the council."
ASKED = {"When was the mill built?": ["1894"]}


@pytest.mark.parametrize(
    ("sentence", "asked", "right"),
    [
        (SENTENCE, ASKED, True),
        (f"{SENTENCE} It was sold in 1894.", ASKED, False),  # stands twice
        (f"{SENTENCE} A new text follows.", ASKED, True),
        ("It was built by the council of the village in 1894.", ASKED, False),  # what it is stands before
        ("In 1894, it was built by the council of the village.", ASKED, False),
        ("The mill was built by the council of all the villages in 1894–95.", ASKED, False),
        ("The mill was built by the council of the village in 1894, ten years later.", ASKED, False),
        (SENTENCE, {**ASKED, "What happened in 1894?": ["The mill was built"]}, False),
        (SENTENCE, {**ASKED, "How was it built?": ["in 1894 by the council"]}, False),  # holds more than it
        (SENTENCE, {"When was the mill built?": ["1894", "the council"]}, False),  # the answers differ
        (SENTENCE, {"When was the mill built?": ["in 1894", "1894"]}, True),
        (SENTENCE, {"When did the baker Roe die?": ["1894"]}, False),  # the sentence says nothing of this
    ],
)
def test_what_can_be_corrected(sentence: str, asked: dict[str, list[str]], right: bool) -> None:
    assert list_olds(make_article((sentence, asked))) == ["1894"] * right


def test_a_value_that_stands_in_another_passage_is_not_corrected() -> None:
    assert list_olds(make_article((SENTENCE, ASKED), ("A storm came in 1894.", {}))) == []
    assert list_olds(make_article((SENTENCE, ASKED), ("Storms came.", {"What came in 1894?": []}))) == []
    share = ("The mill grinds about 30% of the wheat of the village.", {"How much wheat is it?": ["30%"]})
    assert list_olds(make_article(share)) == ["30%"]
    assert list_olds(make_article(share, ("Of the wheat 30 percent are ground there.", {}))) == []


def test_a_sentence_ends_neither_at_an_initial_nor_inside_a_name() -> None:
    text = "Old words stand here. In St. Orlen the engineer J. R. Roe built 12 mills of grey stone. He left."
    found = locate("number 00", "12", SquadParagraph(0, text, ()))
    assert (
        found is not None and found[2] == "In St. Orlen the engineer J. R. Roe built 12 mills of grey stone."
    )


def test_framings_of_test_are_not_those_of_train() -> None:
    framings = load_rules()["framings"]
    assert len({*framings["train"], *framings["test"]}) == len(framings["train"] + framings["test"]) >= 12
    for framing in framings["train"] + framings["test"]:
        names = [name for _, name, _, _ in Formatter().parse(framing) if name]
        assert sorted(names) == ["sentence", "title"]
    openings = [{framing.split("{")[0] for framing in framings[split]} for split in ("train", "test")]
    assert not openings[0] & openings[1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[]", r"squad\.json is not a SQuAD file"),
        (b'{"data": 3}', r"not a SQuAD file, .* name SQuAD files in `files`"),
        (b"{", r"squad\.json is not valid JSON: .* line 1"),
        (b'{"data": []}', "none of the 0 articles has an answer"),
    ],
)
def test_files_without_articles_are_told(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "squad.json").write_bytes(content)
    with pytest.raises(MemcurateError, match=message):
        write_corrections(Corrections(), tmp_path)


def test_a_percent_that_rounds_to_no_passage_is_told(tmp_path: Path) -> None:
    (tmp_path / "squad.json").write_bytes((RAW / "squad.json").read_bytes())
    with pytest.raises(MemcurateError, match="`percent` is 1, which is less than half a passage in each"):
        write_corrections(PARAMS.model_copy(update={"percent": 1}), tmp_path)
    assert write_corrections(PARAMS.model_copy(update={"percent": 0}), tmp_path) > 0


def test_malformed_records_are_left_to_the_format(tmp_path: Path) -> None:
    good = {"question": "When?", "id": 3, "answers": [{"text": " 1894 "}, {"text": ""}, {}, None]}
    questions = [good, None, {"question": " "}, {"question": "When?", "answers": [], "is_impossible": True}]
    paragraphs = [
        None,
        {"qas": []},
        {"context": "\ud83d", "qas": []},
        {"context": "In 1894.", "qas": questions},
    ]
    data = [None, {"title": "\ud83d", "paragraphs": []}, {"title": "A_b", "paragraphs": paragraphs}]
    path = tmp_path / "squad.json"
    path.write_text(json.dumps({"data": data}))
    asked = (SquadQuestion(0, "", "When?", ("1894",)), SquadQuestion(3, "", "When?", ()))
    assert read_articles(path) == [SquadArticle(2, "A b", (SquadParagraph(3, "In 1894.", asked),))]


def test_passages_that_stand_twice_are_not_corrected() -> None:
    articles = read_articles(RAW / "squad.json")
    records = list(iter_records(PARAMS, {"one.json": articles, "two.json": articles}))
    assert len(records) == 4 and not any(record["corrections"] for record in records)
