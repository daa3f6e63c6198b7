"""A cloze is dropped where another segment answers it as well, or where it has too few content words."""

from dataclasses import replace

import pytest

from pipeline.checks import ambiguous_cloze
from pipeline.chunking import ChunkingContext
from pipeline.core.question_templates import cloze_messages_lead, cloze_question
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Origin, Question
from tests.pipeline.checks.factories import make_check_context
from tests.pipeline.questions.factories import make_question

LEAD = "What is missing in this sentence, which Ann wrote at 2024-01-01 09:00?"
SENTENCE = "I bought a red racing bicycle in ____."  # four content words around the blank
PARIS = "I bought a red racing bicycle in Paris."


def make_cloze(text: str = SENTENCE, answer: str = "Paris", origin: Origin = "cloze") -> Question:
    return replace(make_question(text=f"{LEAD}\n{text}", answers=[answer]), origin=origin)


def make_cloze_after(messages: list[str], text: str, answer: str = "Paris") -> Question:
    lead = cloze_messages_lead("which Ann wrote", messages)
    return replace(make_cloze(answer=answer), text=cloze_question(lead, text))


def check_beside(context: ChunkingContext, text: str, question: Question) -> str | None:
    """Return the reason to drop a cloze of the sentence about Paris beside another chunk's text; or None."""
    result = ambiguous_cloze.check(question, make_check_context(context, {"made/s": PARIS}, {"made/t": text}))
    if isinstance(result, Rejection):
        assert result.reason != "ambiguous cloze" or "made/t" in result.detail
        return result.reason
    assert result == question
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
def test_a_cloze_that_another_segment_answers_is_dropped(
    other: str, ambiguous: bool, context: ChunkingContext
) -> None:
    assert check_beside(context, other, make_cloze()) == ("ambiguous cloze" if ambiguous else None)


def test_the_detail_shows_the_other_segment(context: ChunkingContext) -> None:
    other = "I bought a red racing bicycle in Rome."
    check_context = make_check_context(context, {"made/s": PARIS, "made/t": other})
    assert ambiguous_cloze.check(make_cloze(), check_context) == Rejection(
        "ambiguous cloze", f"as well in made/t: {other!r}"
    )


@pytest.mark.parametrize("evidence", [PARIS, "I bought a red racing bicycle in Parisville."])
def test_the_evidence_does_not_make_a_cloze_ambiguous(evidence: str, context: ChunkingContext) -> None:
    """The answer need not stand in it as whole words: another check is for that."""
    assert (
        ambiguous_cloze.check(make_cloze(), make_check_context(context, {"made/s": evidence})) == make_cloze()
    )


def test_the_words_of_the_template_do_not_count(context: ChunkingContext) -> None:
    """Another segment holds all the words of the lead, and half of the sentence's."""
    other = "Ann wrote a sentence at 2024-01-01 09:00; what is missing in this red bicycle?"
    assert check_beside(context, other, make_cloze()) is None


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
def test_a_cloze_with_too_few_content_words_is_dropped(
    text: str, dropped: bool, context: ChunkingContext
) -> None:
    assert check_beside(context, "Nothing.", make_cloze(text)) == (
        "cloze says too little" if dropped else None
    )


@pytest.mark.parametrize("origin", ["source", "label", "summary", "generated"])
@pytest.mark.parametrize("text", ["____", SENTENCE])
def test_other_origins_are_kept(origin: Origin, text: str, context: ChunkingContext) -> None:
    other = "I bought a red racing bicycle in Rome."
    assert check_beside(context, other, make_cloze(text)) is not None
    assert check_beside(context, other, make_cloze(text, origin=origin)) is None


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ([], None),
        (["Moving on 3 June!"], None),  # of something else
        (["Saw the room with a balcony.", "And?", "Moving on 3 June!"], "ambiguous cloze"),
        (["Saw the room with a balcony.", "And?", "Moving on 24 May!"], None),  # the same answer
        (["Saw the room with a balcony.", "No.", "Why?", "Who?", "Moving on 3 June!"], None),  # too far
        (["Saw the room with a balcony, moving."], "ambiguous cloze"),
    ],
)
def test_a_cloze_after_messages_is_compared_with_what_was_said_after_others(
    others: list[str], reason: str | None, context: ChunkingContext
) -> None:
    said = ["Saw the room, it has a balcony.", "And?", "Moving on 24 May."]
    messages = ["Ann: Saw the room, it has a balcony.", "Bob: And?"]
    cloze = make_cloze_after(messages, "Moving on ____.", "24 May")
    segments = {f"made/s{index}": text for index, text in enumerate([*said, *others])}
    question = replace(cloze, evidence=["made/s2"])
    result = ambiguous_cloze.check(question, make_check_context(context, segments))
    assert (result.reason if isinstance(result, Rejection) else None) == reason


def test_the_words_of_the_messages_before_count(context: ChunkingContext) -> None:
    """Those of their speakers do not."""
    clear = make_cloze_after(["Ann: The red bicycle?"], "Bought in ____.")
    unclear = make_cloze_after(["Red Bicycle: Well?"], "Bought in ____.")
    assert check_beside(context, "Nothing.", clear) is None
    assert check_beside(context, "Nothing.", unclear) == "cloze says too little"
