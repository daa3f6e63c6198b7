"""The frames that questions are made in, and how they are taken off again.

A question that a rule makes is a frame, which many questions share, and a text of its own: a sentence, a
sample. Checks compare the text alone. A question of a source or of a model has no frame that we made, but its
source may have put one instruction into all of them.
"""

from collections import Counter
from collections.abc import Sequence

from pipeline.schema import Question, QuestionOutline

LABEL_HEAD = "Which number is the label of this sample?\n"  # the sample follows as chunks show it
_SAMPLE = "Sample: "
_FEW = 3  # questions of an instance that a line must stand in at least to be an instruction of the source


def cloze_question(lead: str, sentence: str) -> str:
    """The text of a cloze question. `lead` is free text; `sentence`, its blank included, is one line."""
    assert "\n" not in sentence
    return f"{lead}\n{sentence}"


def label_question(sample: str) -> str:
    """The text of a question for the label of a sample, which may have any number of lines."""
    return LABEL_HEAD + _SAMPLE + sample


def sentence_of(text: str) -> str:
    """The sentence of a cloze question, with its blank."""
    return text.rpartition("\n")[2]


def sample_of(text: str) -> str:
    """The sample of a label question; of another question, such as a source's own, the whole text."""
    return text.removeprefix(LABEL_HEAD + _SAMPLE)


def own_texts(questions: Sequence[Question | QuestionOutline]) -> list[str]:
    """What is each question's own, of all the questions of an instance, in their order."""
    shared = _instructions([question.text for question in questions if question.origin == "carried"])
    return [_own_text(question, shared) for question in questions]


def _own_text(question: Question | QuestionOutline, shared: frozenset[str]) -> str:
    match question.origin:
        case "cloze":
            return sentence_of(question.text)
        case "held-out":
            return sample_of(question.text)
        case "carried":
            own = [line for line in question.text.split("\n") if line.strip() not in shared]
            return "\n".join(own) if any(map(str.strip, own)) else question.text
        case "summary" | "written":
            return question.text


def _instructions(texts: Sequence[str]) -> frozenset[str]:
    """The lines that stand in more than half of these texts."""
    counts = Counter(line for text in texts for line in {part.strip() for part in text.split("\n")})
    least = max(_FEW, len(texts) // 2 + 1)
    return frozenset(line for line, count in counts.items() if count >= least)
