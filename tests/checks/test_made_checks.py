"""The checks of made questions, and the one of reviews, keep and drop what they should."""

from dataclasses import replace

import pytest

from pipeline.checks import ambiguous_cloze, keywords_grounded, reviewed
from pipeline.checks.dropped import Dropped
from pipeline.checks.surroundings import Surroundings
from pipeline.chunking import Context
from pipeline.schema import Origin, Question
from tests.checks.test_checks import LAX
from tests.questions.making import make_instance, make_question

LEAD = "What is missing in this sentence, which Ann wrote at 2024-01-01 09:00?"
ASKED = "I bought a red racing bicycle in ____."  # four content words beside the blank
PARIS = "I bought a red racing bicycle in Paris."


def cloze(text: str = ASKED, answer: str = "Paris", origin: Origin = "cloze") -> Question:
    return replace(make_question(text=f"{LEAD}\n{text}", answers=[answer]), origin=origin)


def around(context: Context, *chunks: dict[str, str], min_keywords: int = 1) -> Surroundings:
    """What is around a question whose evidence is made/s, in the first chunk."""
    params = LAX.model_copy(update={"min_keywords": min_keywords})
    return Surroundings(make_instance("made/i", *chunks), params, context.tokenizer, {})


def beside(context: Context, text: str, question: Question) -> str | None:
    """Why a cloze of the sentence about Paris is dropped, beside another segment in another chunk."""
    found = ambiguous_cloze.check(question, around(context, {"made/s": PARIS}, {"made/t": text}))
    if isinstance(found, Dropped):
        assert found.reason != "ambiguous cloze" or "made/t" in found.detail
        return found.reason
    assert found == question
    return None


@pytest.mark.parametrize(
    ("other", "ambiguous"),
    [
        ("I bought a red racing bicycle in Rome.", True),
        ("Of bicycles, BOUGHT by me and that were red, one was racing past Rome!", True),
        ("Bought: red bicycle.", True),  # three of four words
        ("Bought bicycle.", False),
        ("I sold a blue racing bicycle in Rome.", False),
        ("I rebought an infrared racing bicycle in Rome.", False),
        ("I bought a red racing bicycle in PARIS too.", False),
        ("In Rome and in Paris I bought a red racing bicycle.", False),
        ("I bought a red racing bicycle in Parish Lane.", True),
        ("", False),
    ],
)
def test_another_segment_that_answers_as_well(other: str, ambiguous: bool, context: Context) -> None:
    assert beside(context, other, cloze()) == ("ambiguous cloze" if ambiguous else None)


def test_the_detail_shows_what_answers_as_well(context: Context) -> None:
    other = "I bought a red racing bicycle in Rome."
    segments = around(context, {"made/s": PARIS, "made/t": other})
    assert ambiguous_cloze.check(cloze(), segments) == Dropped(
        "ambiguous cloze", f"as well in made/t: {other!r}"
    )


@pytest.mark.parametrize("evidence", [PARIS, "I bought a red racing bicycle in Parisville."])
def test_the_evidence_is_no_other_segment(evidence: str, context: Context) -> None:
    """Even where the answer does not stand in it as whole words, which is another check's business."""
    assert ambiguous_cloze.check(cloze(), around(context, {"made/s": evidence})) == cloze()


def test_the_lead_says_nothing(context: Context) -> None:
    """Another segment holds all the words of the lead, and half of the sentence's."""
    other = "Ann wrote a sentence at 2024-01-01 09:00; what is missing in this red bicycle?"
    assert beside(context, other, cloze()) is None


@pytest.mark.parametrize(
    ("text", "dropped"),
    [
        ("____", True),
        ("I was in ____ at the time and then I was not.", True),
        ("I bought the ____ and then some more ____.", True),
        ("Red bicycles, ____!", True),
        ("Red, red, RED bicycles and a bicycle: ____", True),
        ("I bought red ____ and bicycles.", False),
    ],
)
def test_a_sentence_that_says_too_little(text: str, dropped: bool, context: Context) -> None:
    assert beside(context, "Nothing.", cloze(text)) == ("cloze says too little" if dropped else None)


@pytest.mark.parametrize("origin", ["carried", "held-out", "summary", "written"])
@pytest.mark.parametrize("text", ["____", ASKED])
def test_only_clozes_are_ambiguous(origin: Origin, text: str, context: Context) -> None:
    other = "I bought a red racing bicycle in Rome."
    assert beside(context, other, cloze(text)) is not None
    assert beside(context, other, cloze(text, origin=origin)) is None


FARM = (
    {"made/s": "The owl lives in A\n Barn.", "made/t": "The wren  sings."},
    {"made/u": "The fox: Straße."},
)


@pytest.mark.parametrize(
    ("keywords", "left"),
    [
        (["owl", "wren", "fox"], ["owl", "wren", "fox"]),
        (["OWL", "a barn", "strasse"], ["OWL", "a barn", "strasse"]),
        (["whale", "fox", "wren", "ox"], ["fox", "wren"]),
        (["owl", "barns", "bar", "fox"], ["owl", "fox"]),
        # four words, and three; from one segment to the next; in what frames the segments
        (["owl lives in a", "owl lives in", "the wren sings"], ["owl lives in", "the wren sings"]),
        (["barn. The", "wren", "fox"], ["wren", "fox"]),
        (["Opening", "wren", "fox"], ["wren", "fox"]),
        (["whale", "fox"], None),
        (["", " ", "fox"], None),
        ([], None),
    ],
)
def test_keywords_that_stand_in_the_instance(
    keywords: list[str], left: list[str] | None, context: Context
) -> None:
    question = replace(make_question(answers=keywords, metric="exact"), metric="keywords", origin="summary")
    found = keywords_grounded.check(question, around(context, *FARM, min_keywords=2))
    if left is None:
        assert isinstance(found, Dropped)
        assert found.reason == "too few keywords"
        assert found.detail.endswith(f" of {len(keywords)} stand in the instance")
    else:
        assert found == replace(question, answers=left)
    assert question.answers == keywords


def test_one_keyword_of_a_shortened_answer_is_enough(context: Context) -> None:
    question = replace(make_question(answers=["owl", "whale"]), metric="keywords")
    found = keywords_grounded.check(question, around(context, *FARM, min_keywords=2))
    assert found == replace(question, answers=["owl"])


@pytest.mark.parametrize(("least", "kept"), [(1, True), (3, True), (4, False)])
def test_min_keywords(least: int, kept: bool, context: Context) -> None:
    question = replace(
        make_question(answers=["owl", "whale", "wren", "fox"]), metric="keywords", origin="summary"
    )
    found = keywords_grounded.check(question, around(context, *FARM, min_keywords=least))
    expected = Dropped("too few keywords", "3 of 4 stand in the instance")
    assert found == (replace(question, answers=["owl", "wren", "fox"]) if kept else expected)


@pytest.mark.parametrize("metric", ["contains", "exact", "judge"])
def test_other_answers_are_no_keywords(metric: str, context: Context) -> None:
    question = make_question(answers=["whale", "one two three four"], metric=metric)
    assert keywords_grounded.check(question, around(context, *FARM, min_keywords=2)) == question


def test_a_question_that_a_person_judged_bad(context: Context) -> None:
    """By its id alone: another with the same words stays."""
    surroundings = replace(around(context, *FARM), judged_bad={"made/q": "two right answers"})
    assert reviewed.check(make_question("made/q"), surroundings) == Dropped("reviewed", "two right answers")
    for other in ("made/q2", "made/Q", "q"):
        assert reviewed.check(make_question(other), surroundings) == make_question(other)
