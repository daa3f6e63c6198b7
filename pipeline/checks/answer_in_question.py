"""Drop questions that hold their own answer, where `checks.drop_answer_in_question` is set.

In English the answer stands there as whole words. In the other languages that rules know, a word that begins
with the answer, such as a genitive or a compound, gives it away too.
"""

from pipeline.checks.context import CheckContext
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Question
from pipeline.text.languages import find_language
from pipeline.text.normalize import begins_a_word, comparison_key, contains_normalized


def check(question: Question, context: CheckContext) -> Question | Rejection:
    """Keep a question in which no gold answer stands."""
    if not context.params.drop_answer_in_question:
        return question
    question_key = comparison_key(question.text)
    for answer in question.answers:
        if contains_normalized(question_key, comparison_key(answer)) or (
            find_language(context.language) is not None and begins_a_word(answer, question.text)
        ):
            return Rejection("answer in question", repr(answer))
    return question
