"""Summary questions: which keywords stand for an instance, in which words it is asked, what is evidence."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ids import short_id
from pipeline.questions.sentences import Read, Sentence
from pipeline.questions.summary import summary
from pipeline.schema import Instance, Question
from pipeline.text.keywords import keywords, tagged
from pipeline.text.usage import WORD, Usage
from tests.questions.making import make_told, make_usage

NAMES = [first + last for first in "BDFGKLMN" for last in ("anna", "essa", "illa", "orra")]
USAGE = make_usage(
    " ".join(["Frank", "Churchill", "Emma", "Egypt", *NAMES]),
    "gallows ship",
    "three weddings, one wedding at Christmas",
)

WORDS = "Frank Churchill Emma Egypt Banna Dessa the gallows ship in wedding three 1805 St. and ,".split()
SENTENCES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)


def asked(instance: Instance, usage: Usage = USAGE) -> Question | None:
    """The question about an instance, each of whose segments is a sentence."""
    looked_at, counts = [], Counter[str]()
    for chunk in instance.chunks:
        reads = []
        for segment in chunk.segments:
            text = chunk.text[segment.start : segment.end]
            words = tagged(text, usage)
            reads.append(Read(Sentence(segment, 0, len(text), text), words, keywords(words)))
        looked_at.append(reads)
        counts.update(word.casefold() for word in WORD.findall(chunk.text))
    return summary(instance, looked_at, counts, usage)


def answers(*chunks: str, usage: Usage = USAGE) -> list[str]:
    question = asked(make_told(*({f"made/{number}": text} for number, text in enumerate(chunks))), usage)
    return question.answers if question else []


def test_the_question() -> None:
    instance = make_told(
        {"made/a": "then Emma came", "made/b": "then Frank met Emma in Egypt"},
        {"made/c": "and Frank was in Egypt with Emma"},
        {"made/d": "they slept"},
    )
    instance.chunks[2].time = "2024-01-05 09:30"
    dates = "from 2024-01-01 to 2024-01-05"
    text = f"Summarise what the user read {dates}: who and what, where, and what happened."
    found, evidence = ["Egypt", "Emma", "Frank"], ["made/b", "made/a", "made/b"]
    assert asked(instance) == Question(
        id=short_id("made", "made/i", text, *found, *evidence),
        text=text,
        answers=found,
        metric="keywords",
        origin="summary",
        kind=None,
        time=None,
        evidence=["made/b", "made/a"],
        evidence_chunks=[0],
        raw=None,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("then Emma met Emma", ["Emma"]),
        ("then Emma met him", []),  # what is said once is a detail
        ("the gallows and the wedding, her gallows and his wedding", ["gallows", "wedding"]),
        ("a wedding and a funeral, the wedding and the funeral", ["wedding"]),  # the corpus has no funeral
        ("at Christmas he had three boats, three owls at Christmas", []),  # numbers and times are details
        # of two that share a word the one that is said more often, alone or not
        ("then Frank Churchill met Emma, and Churchill met Emma", ["Churchill", "Emma"]),
        ("then Banna Churchill met Emma, and Churchill met Emma", ["Churchill", "Emma"]),
        ("then Frank Churchill met Frank Churchill with Emma", ["Frank Churchill"]),
        ("then St. Emma met St. Emma", []),
    ],
)
def test_keywords_of_a_text(text: str, expected: list[str]) -> None:
    assert answers(text) == expected


def test_at_most_twenty_keywords() -> None:
    """Those that the instance says most; of equals the first by the alphabet."""
    text = "so " + ", ".join(NAMES * 2) + ", " + NAMES[-1]
    assert answers(text) == sorted([*sorted(NAMES[:-1])[:19], NAMES[-1]])


def test_names_places_and_events_come_before_things() -> None:
    """A thing must be said more than three times as often."""
    many = ", ".join(NAMES[:20] * 2)
    assert "ship" not in answers(f"the ship, {many}" + ", ship" * 5)
    assert "ship" in answers(f"the ship, {many}" + ", ship" * 6)


def test_what_other_instances_say_too_comes_last() -> None:
    """A name in one instance of two is worth twice a name in both."""
    usage = make_usage(" ".join(NAMES[:21]), also="so " + ", ".join(NAMES[:21]))
    usage.read(["so Banna came"])
    many = ", ".join(NAMES[:21] * 2)
    assert "Banna" not in answers(f"so {many}, Banna", usage=usage)
    assert "Banna" in answers(f"so {many}, Banna, Banna, Banna", usage=usage)


def test_of_a_name_of_two_words_the_rarer_counts() -> None:
    usage = make_usage(" ".join(NAMES[:22]))
    usage.read(["so Banna came"])
    many = ", ".join(NAMES[2:22] * 2)
    assert "Banna Bessa" in answers(f"so {many}, Banna Bessa, Banna Bessa", usage=usage)
    assert "Banna" not in answers(f"so {many}, Banna, Banna", usage=usage)


def test_an_id_holds_the_instance() -> None:
    one, other = make_told({"made/a": "then Emma met Emma"}), make_told({"made/a": "then Emma met Emma"})
    other.id = "made/j"
    first, second = asked(one), asked(other)
    assert first and second
    assert first.id != second.id
    assert (first.text, first.answers) == (second.text, second.answers)


@settings(deadline=None)  # the first call loads the rules
@given(st.lists(st.lists(SENTENCES, min_size=1, max_size=3), min_size=1, max_size=3))
def test_any_instance(chunks: list[list[str]]) -> None:
    """Bar: keywords are few and short, share no word, and stand in their evidence."""
    numbers = iter(range(9))
    segments = [{f"made/{next(numbers)}": text for text in texts} for texts in chunks]
    texts = {identity: text for chunk in segments for identity, text in chunk.items()}
    question = asked(make_told(*segments))
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
