"""Summary questions: the choice of keywords, the wording and the evidence."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.ids import short_id
from pipeline.core.schema import Instance, Question
from pipeline.questions.rules.sentences import AnalyzedSentence, Sentence
from pipeline.questions.rules.summary import make_summary_question
from pipeline.text.casing import WORD, WordStatistics
from pipeline.text.keywords import SentenceTagger, extract_keywords
from tests.pipeline.questions.factories import make_document_instance, make_statistics

NAMES = [first + last for first in "BDFGKLMN" for last in ("anna", "essa", "illa", "orra")]
STATISTICS = make_statistics(
    " ".join(["Frank", "Churchill", "Emma", "Egypt", *NAMES]),
    "gallows ship",
    "three weddings, one wedding at Christmas",
)

WORDS = "Frank Churchill Emma Egypt Banna Dessa the gallows ship in wedding three 1805 St. and ,".split()
SENTENCES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)


def make_question(instance: Instance, statistics: WordStatistics = STATISTICS) -> Question | None:
    """Make the summary question of an instance, each of whose segments is a sentence."""
    analyzed_sentences, counts = [], Counter[str]()
    for chunk in instance.chunks:
        sentences = []
        for segment in chunk.segments:
            text = chunk.text[segment.start : segment.end]
            words = SentenceTagger(statistics).tag(text)
            sentences.append(
                AnalyzedSentence(Sentence(segment, 0, len(text), text), words, extract_keywords(words))
            )
        analyzed_sentences.append(sentences)
        counts.update(word.casefold() for word in WORD.findall(chunk.text))
    return make_summary_question(instance, analyzed_sentences, counts, statistics)


def make_answers(*chunks: str, statistics: WordStatistics = STATISTICS) -> list[str]:
    question = make_question(
        make_document_instance(*({f"made/{number}": text} for number, text in enumerate(chunks))), statistics
    )
    return question.answers if question else []


def test_the_question_has_dates_keywords_and_evidence() -> None:
    instance = make_document_instance(
        {"made/a": "then Emma came", "made/b": "then Frank met Emma in Egypt"},
        {"made/c": "and Frank was in Egypt with Emma"},
        {"made/d": "they slept"},
    )
    instance.chunks[2].time = "2024-01-05 09:30"
    dates = "from 2024-01-01 to 2024-01-05"
    text = f"Summarise what the user read {dates}: who and what, where, and what happened."
    keywords, evidence = ["Egypt", "Emma", "Frank"], ["made/b", "made/a", "made/b"]
    assert make_question(instance) == Question(
        id=short_id("made", "made/i", text, *keywords, *evidence),
        text=text,
        answers=keywords,
        metric="keywords",
        origin="summary",
        kind=None,
        time=None,
        evidence=["made/b", "made/a"],
        evidence_chunks=[0],
        source_span=None,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("then Emma met Emma", ["Emma"]),
        ("then Emma met him", []),  # a detail: it occurs only once
        ("the gallows and the wedding, her gallows and his wedding", ["gallows", "wedding"]),
        ("a wedding and a funeral, the wedding and the funeral", ["funeral", "wedding"]),
        ("at Christmas he had three boats, three owls at Christmas", []),  # numbers and times are details
        # of two that share a word the more frequent one
        ("then Frank Churchill met Emma, and Churchill met Emma", ["Churchill", "Emma"]),
        ("then Banna Churchill met Emma, and Churchill met Emma", ["Churchill", "Emma"]),
        ("then Frank Churchill met Frank Churchill with Emma", ["Frank Churchill"]),
        ("then St. Emma met St. Emma", []),
    ],
)
def test_the_keywords_of_a_text(text: str, expected: list[str]) -> None:
    assert make_answers(text) == expected


def test_at_most_twenty_keywords() -> None:
    """The most frequent ones; of equals the first by the alphabet."""
    text = "so " + ", ".join(NAMES * 2) + ", " + NAMES[-1]
    assert make_answers(text) == sorted([*sorted(NAMES[:-1])[:19], NAMES[-1]])


def test_names_places_and_events_come_before_things() -> None:
    """A thing must occur more than three times as often."""
    many = ", ".join(NAMES[:20] * 2)
    assert "ship" not in make_answers(f"the ship, {many}" + ", ship" * 5)
    assert "ship" in make_answers(f"the ship, {many}" + ", ship" * 6)


def test_names_that_other_instances_have_come_last() -> None:
    """A name in one instance of two is worth twice a name in both."""
    statistics = make_statistics(" ".join(NAMES[:21]), also="so " + ", ".join(NAMES[:21]))
    statistics.add_instances([["so Banna came"]])
    many = ", ".join(NAMES[:21] * 2)
    assert "Banna" not in make_answers(f"so {many}, Banna", statistics=statistics)
    assert "Banna" in make_answers(f"so {many}, Banna, Banna, Banna", statistics=statistics)


def test_the_rarer_word_of_a_name_counts() -> None:
    statistics = make_statistics(" ".join(NAMES[:22]))
    statistics.add_instances([["so Banna came"]])
    many = ", ".join(NAMES[2:22] * 2)
    assert "Banna Bessa" in make_answers(f"so {many}, Banna Bessa, Banna Bessa", statistics=statistics)
    assert "Banna" not in make_answers(f"so {many}, Banna, Banna", statistics=statistics)


def test_the_id_depends_on_the_instance() -> None:
    one, other = (
        make_document_instance({"made/a": "then Emma met Emma"}),
        make_document_instance({"made/a": "then Emma met Emma"}),
    )
    other.id = "made/j"
    first, second = make_question(one), make_question(other)
    assert first and second
    assert first.id != second.id
    assert (first.text, first.answers) == (second.text, second.answers)


@settings(deadline=None)  # the first call loads the rules
@given(st.lists(st.lists(SENTENCES, min_size=1, max_size=3), min_size=1, max_size=3))
def test_keywords_of_any_instance_are_short_and_occur_in_their_evidence(chunks: list[list[str]]) -> None:
    """Bar: keywords are few and short, share no word, and occur in their evidence."""
    numbers = iter(range(9))
    segments = [{f"made/{next(numbers)}": text for text in texts} for texts in chunks]
    texts = {identity: text for chunk in segments for identity, text in chunk.items()}
    question = make_question(make_document_instance(*segments))
    if question is not None:
        assert 1 <= len(question.answers) <= 20
        words = [word for answer in question.answers for word in set(answer.casefold().split())]
        assert len(set(words)) == len(words)
        assert all(len(answer.split()) <= 3 for answer in question.answers)
        for answer in question.answers:
            assert any(answer in texts[identity] for identity in question.evidence)
        for identity in question.evidence:
            assert any(answer in texts[identity] for answer in question.answers)
        holders = [number for number, chunk in enumerate(segments) if chunk.keys() & set(question.evidence)]
        assert question.evidence_chunks == holders


def test_a_small_source_leaves_general_words_out_and_knows_names_by_their_capitals() -> None:
    """In a few instances the frequency of words tells little."""
    statistics = make_statistics("", "better end ship")
    texts = "the end of the ship was the better end", "then the better ship met old Orsini"
    texts = (*texts, "they saw Orsini")
    assert make_answers(*texts, statistics=statistics) == ["ship"]
    capitals = "The end of the ship came", "Then the ship met old Orsini", "They saw Orsini"
    assert make_answers(*capitals, statistics=statistics) == ["Orsini", "ship"]
    statistics.num_instances = 40
    assert "better end" in make_answers(*texts, statistics=statistics)
    assert "Orsini" not in make_answers(*capitals, statistics=statistics)
