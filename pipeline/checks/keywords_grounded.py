"""Keep the keywords of a summary that its instance holds; drop the question when too few are left."""

from dataclasses import replace

from pipeline.checks.context import CheckContext
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Question
from pipeline.text.normalize import contains_normalized

_MAX_KEYWORD_WORDS = 3  # paper: keywords of at most three words


def check(question: Question, context: CheckContext) -> Question | Rejection:
    """Keep the keywords of at most three words that stand in a segment, if enough are left."""
    if question.metric != "keywords":
        return question
    grounded = [
        keyword
        for keyword in question.answers
        if len(keyword.split()) <= _MAX_KEYWORD_WORDS
        and contains_normalized(context.normalized_text, keyword)
    ]
    required = context.required_keywords(question)
    if len(grounded) < required:
        detail = f"{len(grounded)} of {len(question.answers)} stand in the instance, {required} are required"
        return Rejection("too few keywords", detail)
    return question if len(grounded) == len(question.answers) else replace(question, answers=grounded)
