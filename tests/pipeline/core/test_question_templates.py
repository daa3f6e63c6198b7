"""A question's own text is recovered from its template, whatever stands in the text and the template."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.repeated_question import find_repeated_questions
from pipeline.core.question_templates import (
    cloze_messages_lead,
    cloze_question,
    extract_cloze_messages,
    extract_cloze_sentence,
    extract_label_sample,
    label_question,
    strip_templates,
)
from pipeline.core.schema import Origin, Question
from tests.pipeline.dedup.factories import PARAMS, select
from tests.pipeline.questions.factories import make_instance, make_question

# Delimiters of templates, which may stand in texts too.
TRICKY = st.lists(
    st.sampled_from(
        ["\n", "\r\n", "Sample: ", "Which number is the label of this sample?", '"', "____", "?", "a", "é"]
    ),
    max_size=8,
).map("".join)
TEXTS = st.text(max_size=30) | TRICKY
ONE_LINE = TEXTS.map(lambda text: " ".join(text.split()))


def make_questions(origin: Origin, *texts: str) -> list[Question]:
    """Questions with the ids 0, 1, … and one answer."""
    return [
        replace(make_question(f"{number:03}", text, ["yes"]), origin=origin)
        for number, text in enumerate(texts)
    ]


def find_reasons(questions: Sequence[Question]) -> list[str]:
    return [rejection.reason for rejection in find_repeated_questions(questions, 50).values()]


@given(TEXTS, ONE_LINE)
def test_a_sentence_is_recovered_from_its_template(lead: str, sentence: str) -> None:
    text = cloze_question(lead, sentence)
    assert extract_cloze_sentence(text) == sentence
    assert strip_templates(make_questions("cloze", text)) == [sentence]


@given(st.lists(ONE_LINE.filter(bool), max_size=4), ONE_LINE)
def test_messages_are_recovered_from_their_template(messages: list[str], sentence: str) -> None:
    text = cloze_question(cloze_messages_lead("which Ann wrote", messages), sentence)
    assert extract_cloze_messages(text) == messages
    assert extract_cloze_sentence(text) == sentence


@given(TEXTS, TEXTS)
def test_no_messages_stand_in_another_lead(lead: str, more: str) -> None:
    assert extract_cloze_messages(cloze_question(f"{lead}\n{more}", "____")) == []


@given(TEXTS)
def test_a_sample_is_recovered_from_its_template(sample: str) -> None:
    text = label_question(sample)
    assert text.startswith("Which number is the label of this sample?\nSample: ")
    assert extract_label_sample(text) == sample
    assert strip_templates(make_questions("label", text)) == [sample]


@given(TEXTS)
def test_other_questions_have_no_template(text: str) -> None:
    for origin in ("source", "generated", "summary"):
        assert strip_templates(make_questions(origin, text)) == [text]


@given(st.lists(ONE_LINE.filter(bool), min_size=3, max_size=9, unique=True), st.booleans())
def test_an_instruction_in_all_questions_is_not_their_own(texts: list[str], first: bool) -> None:
    line = "Answer in at most five words."
    whole = [f"{line}\n{text}" if first else f"{text}\r\n{line}" for text in texts]
    assert [text.strip() for text in strip_templates(make_questions("source", *whole))] == texts


def test_a_question_that_is_all_instruction_keeps_its_text() -> None:
    assert strip_templates(make_questions("source", *["What is it?"] * 5)) == ["What is it?"] * 5


def test_a_line_that_few_questions_share_is_their_own() -> None:
    texts = ["It rains.\nWhere?", "It rains.\nWhen?", "It snows.\nWho?", "Why?", "How?"]
    assert strip_templates(make_questions("source", *texts)) == texts


SIGNATURE = "\n--\nKind regards,\nthe customer service team of the old barn company"


def test_samples_that_end_alike_are_all_kept() -> None:
    samples = [f"Where is parcel {number}?{SIGNATURE}" for number in range(60)]
    assert find_reasons(make_questions("label", *map(label_question, samples))) == []
    again = [*samples, samples[7].upper()]
    assert find_reasons(make_questions("label", *map(label_question, again))) == ["repeated question"]


def test_a_sample_is_compared_with_all_its_lines() -> None:
    one, other = label_question("My card\nis lost."), label_question("My dog\nis lost.")
    assert find_reasons(make_questions("label", one, other)) == []


@pytest.mark.parametrize(
    "instruction",
    [
        "Answer in at most five words.",
        "Answer with the shortest span of the passage that answers the question, copied letter by letter, "
        "and nothing else; if the passage does not say it, say so in one short sentence, without any reason.",
    ],
)
def test_an_instruction_makes_no_repeats_and_shares_no_text(instruction: str) -> None:
    texts = [f"{ask} {name}?\n{instruction}" for ask in ("Who saw", "When came") for name in ("Ann", "Bob")]
    assert find_reasons(make_questions("source", *texts)) == []
    params = PARAMS.model_copy(update={"decontamination_ngram": 30, "near_duplicate": 100})
    train, test = (make_instance(name, {name: f"the text of {name}"}) for name in ("train", "test"))
    train.questions, test.questions = make_questions("source", *texts), make_questions("source", *texts)
    assert not select([train, replace(test, split="test")], params)[1]
    long = f"Who saw {' '.join(f'word{number}' for number in range(40))}?\n{instruction}"
    train.questions, test.questions = (
        make_questions("source", *texts, long),
        make_questions("source", *texts, long),
    )
    assert select([train, replace(test, split="test")], params)[1]
