"""Every string of a row is redacted, and every id is another: rows are drawn with values in all of them."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any, get_type_hints

import pytest

from pipeline.core.schema import Fact, Question, Reject, Segment, Span
from pipeline.sources.parsed import Book, Document, Moment, Section
from pipeline.sources.pii.masking import Masking
from pipeline.text.pii import find_pii_spans
from tests.pipeline.sources.pii.values import KEY

MASKING = Masking("made", "en", KEY)
REDACTION = MASKING.redaction
VALUE = "ann.lee@site.edu"
SPAN = Span(f"chats/{VALUE}.txt", f"/{VALUE}/0/text", 3, 40)
ID = "made/0123456789abcdef"
SEGMENT = Segment(ID, SPAN, f"chats/{VALUE}.txt", VALUE, VALUE, "2024-05-06 10:00", VALUE, f"I am {VALUE}.")
QUESTION = Question(
    *(ID, f"Whose is {VALUE}?", [VALUE, f"mine, {VALUE}"], "contains", "source", VALUE, None, [ID], [], SPAN),
    summary=f"Of {VALUE}.",
    wrong_answers=[VALUE],
)
FACT = Fact(VALUE, VALUE, VALUE, ID, 0, "corrected", ID, 1)
DOCUMENT = Document(
    *(VALUE, [Section(VALUE, [[SEGMENT], [SEGMENT]])], VALUE, [QUESTION], "test", [FACT]),
    moments={ID: Moment(ID, ID)},
    spaces={ID: "\n"},
)
BOOK = Book(VALUE, SPAN.file, f"By {VALUE}.\n", [(0, 20, VALUE)], SPAN.record, VALUE, [QUESTION])
REJECT = Reject(
    *(ID, "made", "chunk", "record", "malformed record", f"it has {VALUE[:9]}", "test", VALUE, SPAN),
    segments=[SEGMENT],
    question=QUESTION,
)
ROWS = [
    (BOOK, REDACTION.redact_book),
    (DOCUMENT, REDACTION.redact_document),
    (REJECT, REDACTION.redact_reject),
]


def iter_strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.items():
            yield from iter_strings(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from iter_strings(one)


@pytest.mark.parametrize(("row", "redact"), ROWS, ids=lambda one: type(one).__name__)
def test_each_string_of_a_row_is_redacted(row: Any, redact: Any) -> None:
    before, after = list(iter_strings(asdict(row))), list(iter_strings(asdict(redact(row))))
    assert [text for text in after if "ann.lee" in text or text == ID] == []
    assert len(after) == len(before)
    assert [len(text) for text in after] == [len(text) for text in before] or row is REJECT


@pytest.mark.parametrize(("row", "redact"), ROWS, ids=lambda one: type(one).__name__)
def test_no_field_of_text_is_empty_in_these_rows(row: Any, redact: Any) -> None:
    """A new field of a row makes this fail, until it is in the rows above."""
    for one in (row, SEGMENT, QUESTION, FACT, SPAN):
        empty = [name for name in get_type_hints(type(one)) if getattr(one, name) in ("", [], {})]
        assert [name for name in empty if name != "evidence_chunks"] == []


def test_ids_stay_joined_and_cannot_be_made_from_a_guess() -> None:
    redacted = REDACTION.redact_document(DOCUMENT)
    (segment, _) = redacted.segments
    assert segment.id != ID and segment.id.startswith("made/") and len(segment.id) == len(ID)
    assert redacted.questions[0].evidence == [segment.id] == list(redacted.spaces) == list(redacted.moments)
    assert (redacted.facts[0].segment, redacted.facts[0].end_segment) == (segment.id, segment.id)
    assert redacted.moments[segment.id] == Moment(segment.id, segment.id)
    assert Masking("made", "en", KEY + "0").redaction.replace_id(ID) != segment.id


def test_a_row_without_personal_data_changes_in_its_ids_alone() -> None:
    plain = replace(SEGMENT, source_span=Span("a/b.c.txt", "/0/x~1y", 0, 3), document="a/b.c.txt", text="Hi!")
    plain = replace(plain, section="The 3rd chat", speaker="Ann", label=None)
    assert replace(REDACTION.redact_segment(plain), id=plain.id) == plain


@pytest.mark.parametrize(
    ("file", "suffix"),
    [
        ("WhatsApp Chat with +49 170 1234567.txt", ".txt"),
        (f"own/{VALUE}.md", ".md"),
        (f"{VALUE}/chat.json", "/chat.json"),
        (VALUE, ""),
        ("notes.2024-05-06.md", "notes.2024-05-06.md"),
    ],
)
def test_the_suffix_of_a_file_stays(file: str, suffix: str) -> None:
    redacted = REDACTION.redact_file(file)
    assert redacted.endswith(suffix) and len(redacted) == len(file)
    assert find_pii_spans(redacted) == [] and (redacted == file) == (file == suffix)
