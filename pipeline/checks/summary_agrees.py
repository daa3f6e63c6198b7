"""Drop summaries that are paired with the wrong chapter: their names and words are not in its text.

Human summaries come from another data set, and an offset of one chapter pairs each with its neighbour. The
score is the mean of two percentages: of the summary's names that the instance holds, and of all its content
words. Names alone are not enough: in some books every chapter has the same few.
"""

from pipeline.checks.context import CheckContext
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Question
from pipeline.text.casing import mid_sentence_capitals
from pipeline.text.content_words import content_words


def check(question: Question, context: CheckContext) -> Question | Rejection:
    """Keep a question without a summary, or whose summary overlap is at least `min_summary_overlap`."""
    if question.summary is None:
        return question
    percent = summary_overlap(question.summary, content_words(context.normalized_text))
    if percent < context.params.min_summary_overlap:
        return Rejection(
            "summary of another text", f"agrees by {percent} percent: {question.summary[:200]!r}"
        )
    return question


def summary_overlap(summary: str, words: set[str]) -> int:
    """Return how much of a summary stands in a text with these content words: 0 to 100 percent, rounded down.

    A summary without names is scored by its content words alone; one without content words scores 100.
    """
    summary_words = content_words(summary)
    names = content_words(" ".join(mid_sentence_capitals(summary)))
    percents = [100 * len(part & words) // len(part) for part in (names, summary_words) if part]
    return sum(percents) // len(percents) if percents else 100
