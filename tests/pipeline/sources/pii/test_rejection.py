"""What holds personal data is rejected segment by segment, and nothing else is lost."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.rejection import PII_REASON
from pipeline.core.schema import Fact, Question, Reject, Segment, Span
from pipeline.sources.parsed import Book, Document, ParsedSource, Section, make_source_question
from pipeline.sources.pii.rejection import PiiRejection
from pipeline.text.pii import find_pii_spans
from tests.pipeline.sources.pii.values import texts

MAIL = "ann.lee@site.edu"


def make_segment(number: int, text: str, speaker: str = "Ann") -> Segment:
    span = Span("chat.txt", "", 100 * number, 100 * number + len(text))
    return Segment(f"made/{number}", span, "chat.txt", "day", speaker, None, None, text)


def make_document(*segments: Segment) -> Document:
    return Document("chat.txt", [Section("day", [[one] for one in segments])])


def make_question(text: str, *evidence: str) -> Question:
    span = Span("chat.txt", "/q", 0, len(text))
    return make_source_question(f"made/{text}", text, ["Leeds"], span, evidence=evidence)


def test_a_message_with_a_value_is_rejected_and_its_document_goes_on() -> None:
    segments = [
        make_segment(0, "Hi!"),
        make_segment(1, f"I am {MAIL}."),
        make_segment(2, "Bye", "030 901820"),
    ]
    rejects: list[Reject] = []
    kept = PiiRejection("made", "de").treat(make_document(*segments), rejects)
    assert isinstance(kept, Document) and kept.segments == segments[:1]
    assert [(one.kind, one.reason, one.detail) for one in rejects] == [
        ("segment", PII_REASON, "email"),
        ("segment", PII_REASON, "phone"),
    ]
    (first,), (second,) = (one.segments for one in rejects)
    assert (first.text, first.source_span) == (f"I am {'*' * len(MAIL)}.", segments[1].source_span)
    assert (second.text, second.speaker) == ("Bye", "*" * len("030 901820"))
    assert len({one.id for one in rejects}) == 2


def test_questions_and_facts_go_with_their_evidence() -> None:
    segments = [make_segment(0, "I live in Leeds."), make_segment(1, f"I am {MAIL}.")]
    questions = [
        make_question("Where?", "made/0"),
        make_question("Who?", "made/1"),
        make_question(f"Where does {MAIL} live?", "made/0"),
    ]
    facts = [Fact("Ann", "city", "Leeds", "made/0", 0), Fact("Ann", "mail", "a mail", "made/1", 0)]
    document = replace(make_document(*segments), questions=questions, facts=facts)
    rejects: list[Reject] = []
    kept = PiiRejection("made", "en").treat(document, rejects)
    assert isinstance(kept, Document)
    assert (kept.questions, kept.facts) == (questions[:1], facts[:1])
    details = [(one.detail, one.question.text) for one in rejects if one.question]
    assert details == [("in its evidence", "Who?"), ("email", f"Where does {'*' * len(MAIL)} live?")]


def test_questions_of_a_pool_go_with_their_evidence() -> None:
    segments = [make_segment(0, "I live in Leeds."), make_segment(1, f"I am {MAIL}.")]
    questions = [make_question("Where?", "made/0"), make_question("Who?", "made/1")]
    parsed = ParsedSource([], [make_document(segments[0]), make_document(segments[1])], [], questions, [])
    treated = PiiRejection("made", "en").treat_parsed(parsed)
    assert [one.segments for one in treated.documents] == [segments[:1]]
    assert treated.questions == questions[:1]
    assert [one.kind for one in treated.rejects] == ["segment", "question"]


def test_a_document_named_by_a_value_is_rejected_whole() -> None:
    named = replace(make_document(make_segment(0, "Hi!"), make_segment(1, "Bye")), name=f"{MAIL}.txt")
    rejects: list[Reject] = []
    assert (
        PiiRejection("made", "en").treat(replace(named, questions=[make_question("Who?")]), rejects) is None
    )
    assert [(one.kind, one.detail) for one in rejects] == [
        ("segment", "email"),
        ("segment", "email"),
        ("question", "in its evidence"),
    ]


def test_of_a_text_the_sentence_is_left_out_or_the_line_where_lines_are_sentences() -> None:
    text = f"One. Write to {MAIL} or\nto me! Three.\n\nFour"
    book = Book("a.txt", "a.txt", text, [(0, len(text), "A")])
    kept, rejects = treat_book(book)
    assert kept.text.split() == ["One.", "Three.", "Four"] and len(kept.text) == len(text)
    assert [one.segments[0].text for one in rejects] == [f"Write to {'*' * len(MAIL)} or\nto me! "]
    span = rejects[0].segments[0].source_span
    assert text[span.start : span.end].startswith("Write to ann.lee")
    kept, rejects = treat_book(replace(book, has_own_lines=True))
    assert kept.text.split() == ["One.", "to", "me!", "Three.", "Four"]


def treat_book(book: Book) -> tuple[Book, list[Reject]]:
    rejects: list[Reject] = []
    kept = PiiRejection("made", "en").treat(book, rejects)
    assert isinstance(kept, Book)
    return kept, rejects


@settings(deadline=None)  # a country's numbers are read from disk once
@given(st.lists(texts, max_size=4).map(" Yes. No! ".join), st.booleans())
def test_nothing_is_found_in_what_is_kept_and_every_character_is_kept_or_rejected(
    text: str, has_own_lines: bool
) -> None:
    book = Book("a.txt", "a.txt", text, [(0, len(text), "A")], has_own_lines=has_own_lines)
    kept, rejects = treat_book(book)
    assert find_pii_spans(kept.text) == []
    spans = [one.segments[0].source_span for one in rejects]
    rejected = {place for span in spans for place in range(span.start, span.end)}
    assert sum(span.end - span.start for span in spans) == len(rejected)
    changed = {place for place, (one, other) in enumerate(zip(text, kept.text, strict=True)) if one != other}
    assert changed <= rejected
    assert not "".join(char for place, char in enumerate(kept.text) if place in rejected).strip()
    assert [one for one in rejects if find_pii_spans(one.segments[0].text)] == []
