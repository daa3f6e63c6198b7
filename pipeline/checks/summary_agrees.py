"""Drops summaries that are paired with the wrong chapter: their names and words are not in its text.

Human summaries come from elsewhere, and a slip of one chapter pairs each with its neighbour. The score is the
mean of two shares, in percent: of the summary's names that the instance holds, and of all its content words.
Names alone do not do: in some books every chapter has the same few.
"""

from pipeline.checks.dropped import Dropped
from pipeline.checks.surroundings import Surroundings
from pipeline.schema import Question
from pipeline.text.content import content_words
from pipeline.text.usage import inner_capitals


def check(question: Question, around: Surroundings) -> Question | Dropped:
    """Keep a question without a summary, or whose summary agrees with the instance by so many percent."""
    if question.summary is None:
        return question
    percent = agreement(question.summary, content_words(around.whole))
    if percent < around.params.min_agreement:
        return Dropped("summary of another text", f"agrees by {percent} percent: {question.summary[:200]!r}")
    return question


def agreement(summary: str, words: set[str]) -> int:
    """How much of a summary stands in a text of these content words: percent, rounded down.

    A summary without names is judged by its content words, one without any agrees with every text.
    """
    said = content_words(summary)
    names = content_words(" ".join(inner_capitals(summary)))
    shares = [100 * len(part & words) // len(part) for part in (names, said) if part]
    return sum(shares) // len(shares) if shares else 100
