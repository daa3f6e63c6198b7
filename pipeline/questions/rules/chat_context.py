"""The messages before one in its dialogue: they tell what a short one is about, and what it replies to."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.core.schema import Chunk, segment_text
from pipeline.questions.rules.sentences import Sentence
from pipeline.text.chat_words import FILLERS
from pipeline.text.content_words import content_words
from pipeline.text.normalize import occurs_in

MAX_MESSAGES = 4
_MAX_CHARS = 160  # of a message; before a longer one, the dialogue is not looked at
_MAX_QUESTION_CHARS = 80
_ENOUGH_WORDS = 6  # content words, with those of the sentence

# What a question asks for.
Wanted = Literal["amount", "time", "name"]
_WANTED: dict[Wanted, re.Pattern[str]] = {
    "amount": re.compile(
        r"\bhow (?:much|many|old|long|far|tall|big|high|heavy|deep|cold|hot|expensive|bad)\b"
        r"|\bwhat(?:['’]?s| is) (?:the |ur |your |it )?(?:rent|price|cost|pay|salary|score|going for)\b",
        re.IGNORECASE,
    ),
    "time": re.compile(
        r"\A\W*(?:\w+ ){0,3}(?:when|what (?:day|date|month|year))\b(?! (?:i|we|he|she|they)\b)",
        re.IGNORECASE,
    ),
    "name": re.compile(
        r"\A\W*(?:\w+[!,.]* ){0,3}(?:which|what (?:kind|sort|type|colou?r|flavou?r|breed|brand|subject)|"
        r"whos?|where(?:['’]?s)?|what did (?:\w+ ){0,3}(?:get|buy|give|order|pick|choose|win|make)|"
        r"what(?:['’]?s| is| are) (?:(?:the|ur|your|its|his|her|their|my) (?:\w+ )?|\w+ )names?|"
        r"whats? (?:(?:is|r|are) )?(?:he|she|it|they) called|names?)\b",
        re.IGNORECASE,
    ),
}
_SENTENCE_END = re.compile(r"(?<=[.!]) ")


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a dialogue, or the part of one before a sentence."""

    speaker: str
    text: str  # with single spaces


def read_messages_before(chunk: Chunk, sentence: Sentence) -> list[Message]:
    """Return what was written in the same dialogue right before a sentence: up to four messages."""
    messages: list[Message] = []
    for message in _iter_backwards(chunk, sentence):
        if len(messages) == MAX_MESSAGES or len(message.text) > _MAX_CHARS:
            break
        messages.append(message)
    return messages[::-1]


def _iter_backwards(chunk: Chunk, sentence: Sentence) -> Iterator[Message]:
    segment = sentence.segment
    own = " ".join(segment_text(chunk, segment)[: sentence.start].split())
    if own:
        yield Message(str(segment.speaker), own)
    number = chunk.segments.index(segment)
    for one in reversed(chunk.segments[:number]):
        if (one.document, one.section) != (segment.document, segment.section) or not one.speaker:
            return
        yield Message(one.speaker, " ".join(segment_text(chunk, one).split()))


def choose_context(rest: str, answer: str, before: Sequence[Message]) -> list[Message]:
    """Return the last messages that are needed to tell what a sentence is about.

    Args:
        rest: The sentence without its fact.
        answer: The fact; messages that hold it, and those before them, are left out.
        before: The messages to choose from, in order.
    """
    words = telling_words(rest)
    chosen: list[Message] = []
    for message in reversed(before):
        if len(words) >= _ENOUGH_WORDS or occurs_in(answer, message.text):
            break
        chosen.append(message)
        words |= telling_words(message.text)
    return chosen[::-1]


def telling_words(text: str) -> set[str]:
    """Return the content words of a text, without those that say nothing in a chat."""
    return content_words(text) - FILLERS


def find_wanted(before: Sequence[Message], speaker: str) -> Wanted | None:
    """Return what the last message asks for, if it is a short question of somebody else."""
    if not before or before[-1].speaker == speaker:
        return None
    question = before[-1].text
    if len(question) > _MAX_QUESTION_CHARS:
        return None
    last = _SENTENCE_END.split(question)[-1]
    return next((wanted for wanted, pattern in _WANTED.items() if pattern.search(last)), None)
