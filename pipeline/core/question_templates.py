"""Build questions from templates, and strip the templates again.

A rule-based question is a template, which many questions share, around a text of its own: a sentence or a
sample. Checks compare that text alone. A question of a source or of a model has no template of ours, but a
source may repeat one instruction in all its questions.
"""

from collections import Counter
from collections.abc import Sequence

from pipeline.core.schema import Question, QuestionProjection

LABEL_INSTRUCTION = "Which number is the label of this sample?\n"  # the sample follows as chunks show it
_MESSAGES_LEAD = "What is missing in the last of these messages"
_SAMPLE_PREFIX = "Sample: "
_MIN_SHARED_QUESTIONS = 3  # of an instance; a line in fewer is not an instruction of the source


def cloze_question(lead: str, sentence: str) -> str:
    """Return the text of a cloze question. `lead` is free text; `sentence`, with its blank, is one line."""
    assert "\n" not in sentence
    return f"{lead}\n{sentence}"


def cloze_messages_lead(rest: str, messages: Sequence[str]) -> str:
    """Return the lead of a cloze question that shows the messages before its sentence.

    Args:
        rest: What follows the first words of the lead, such as who wrote the sentence.
        messages: As `SPEAKER: TEXT`, each without a line end.
    """
    return "\n".join([f"{_MESSAGES_LEAD}, {rest}?", *messages])


def label_question(sample: str) -> str:
    """Return the text of a question for a sample's label; the sample may have any number of lines."""
    return LABEL_INSTRUCTION + _SAMPLE_PREFIX + sample


def extract_cloze_sentence(text: str) -> str:
    """Return the sentence of a cloze question, with its blank."""
    return text.rpartition("\n")[2]


def extract_cloze_messages(text: str) -> list[str]:
    """Return the messages that a cloze question shows before its sentence, as `SPEAKER: TEXT`."""
    return text.split("\n")[1:-1] if text.startswith(_MESSAGES_LEAD) else []


def extract_label_sample(text: str) -> str:
    """Return the sample of a label question; the whole text of any other question."""
    return text.removeprefix(LABEL_INSTRUCTION + _SAMPLE_PREFIX)


def strip_templates(questions: Sequence[Question | QuestionProjection]) -> list[str]:
    """Return each question's own text, in order. Takes all questions of an instance."""
    instructions = _find_shared_lines(
        [question.text for question in questions if question.origin == "source"]
    )
    return [_strip_template(question, instructions) for question in questions]


def _strip_template(question: Question | QuestionProjection, instructions: frozenset[str]) -> str:
    match question.origin:
        case "cloze":
            return extract_cloze_sentence(question.text)
        case "label":
            return extract_label_sample(question.text)
        case "source":
            own_lines = [line for line in question.text.split("\n") if line.strip() not in instructions]
            return "\n".join(own_lines) if any(map(str.strip, own_lines)) else question.text
        case "summary" | "generated":
            return question.text


def _find_shared_lines(texts: Sequence[str]) -> frozenset[str]:
    """Return the lines that stand in more than half of the texts, and in at least 3."""
    counts = Counter(line for text in texts for line in {part.strip() for part in text.split("\n")})
    min_texts = max(_MIN_SHARED_QUESTIONS, len(texts) // 2 + 1)
    return frozenset(line for line, count in counts.items() if count >= min_texts)
