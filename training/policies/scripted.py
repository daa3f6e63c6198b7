"""A writer by rules: it stores labelled samples and sentences that say something.

The baseline that a model must beat, and the teacher of its warm start.

It knows nothing of a chunk but its text. Labelled samples become semantic entries, one each. Of running
text, sentences that say little are left out, and what stays is stored in entries of a few sentences: what was
said at a time in the episodic list under that time and speaker, passages in the semantic list under their
title. Core lists the names met so far with their counts, and is all that it knows of earlier steps.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.text.function_words import stop_words
from pipeline.text.sentences import SentenceSplitter
from training.policies import Situation

_FRAME = re.compile(r"\[(?:Dialogue|Event|Remember)\b[^\[\]\n]*\]")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2})?")
_SAMPLES = ("Sample: ", "Sentence: ")  # what a labelled sample begins with
_LABEL = re.compile(r"Labels?: (\d+)")
_SPEAKER = re.compile(r"<([^<>\n]{1,40})> ?")
_NAME = re.compile(r" (?<=[a-z,;] )([A-Z][a-z]+(?: [A-Z][a-z]+)?)\b")
_NAMED = re.compile(r"\s(?:[A-Z](?![ '’])|\d)")
_LOWER = re.compile(r"[a-z]{3,}")
_OWN = re.compile(r"\b(?:I|i|my|My|we|We|our)\b")
_COUNTED = re.compile(r"[:,] ([^,:]+) (\d+)")

_UNDATED = "[Dialogue]"  # above a conversation without a time
_ASSISTANT = "Assistant"
_MEANING = 6  # distinct words that carry meaning in a sentence worth keeping …
_OWN_MEANING = 2  # … or where people speak of themselves
_ENTRY_WORDS = 45  # an entry ends after the sentence that brings it to so many words
_NAMES = 50  # in core, the most frequent
_CORE = "Names met so far and how often: "


@dataclass(frozen=True, slots=True)
class _Passage:
    """Running text under one head."""

    head: str  # title, or time; may be empty
    spoken: bool  # whether it is a conversation's
    dated: bool  # whether the head is a time
    turns: list[tuple[str, str]]  # (speaker, where it is spoken; text)


class ScriptedWriter:
    """See above. Policy."""

    name = "scripted"
    at_once = 1

    def __init__(self, assets: Path) -> None:
        """`assets`: folder with NLTK's data. Raises MemcurateError where it is missing."""
        self._splitter = SentenceSplitter(assets / "nltk")

    def write(self, situations: Sequence[Situation]) -> list[str]:
        """See Policy."""
        return ["\n".join(self._calls(situation)) for situation in situations]

    def _calls(self, situation: Situation) -> Iterator[str]:
        samples = list(_samples(situation.chunk))
        if samples:
            for text, label in samples:
                yield _insert("semantic", f"{' '.join(text.split())} = label {label}")
            return
        passages = list(_passages(situation.chunk))
        core = _core(situation.memory.core, passages)
        if core != situation.memory.core:
            arguments = {"memory_type": "core", "new_content": core}
            yield _call("memory_update", arguments)
        for passage in passages:
            for entry in self._entries(passage):
                yield _insert("episodic" if passage.dated else "semantic", entry)

    def _entries(self, passage: _Passage) -> Iterator[str]:
        """A few sentences each, without those that say little, under the passage's head."""
        kept: list[str] = []
        length = 0
        for speaker, text in passage.turns:
            named = speaker
            for start, end in self._splitter.spans(text):
                sentence = text[start:end]
                if not _informative(sentence, speaker):
                    continue
                words = sentence.split()
                if named:
                    kept.append(f"{named}:")
                    named = ""
                kept += words
                length += len(words)
                if length >= _ENTRY_WORDS:
                    yield passage.head + " ".join(kept)
                    kept, length, named = [], 0, speaker
        if kept:
            yield passage.head + " ".join(kept)


def _samples(chunk: str) -> Iterator[tuple[str, str]]:
    """(text, label) of each labelled sample, whose text goes on to the line with its label."""
    lines: list[str] = []
    for line in chunk.split("\n"):
        label = _LABEL.fullmatch(line.lstrip()) if lines else None
        if label:
            yield "\n".join(lines), label.group(1)
            lines = []
        elif lines:
            lines.append(line)
        elif line.startswith(_SAMPLES):
            lines.append(line.partition(": ")[2])


def _passages(chunk: str) -> Iterator[_Passage]:
    """The running text of a chunk: by title, or, of conversations, by time."""
    passage = _Passage("", False, False, [])
    speaker = ""
    lines: list[str] = []

    def turn_ends() -> None:
        if any(lines):
            passage.turns.append((speaker if passage.spoken else "", "\n".join(lines)))
        lines.clear()

    for line in chunk.split("\n"):
        if line.startswith("["):
            frame = _FRAME.match(line)
            if frame:
                turn_ends()
                yield passage
                spoken = frame.group() == _UNDATED or "at timestamp" in line
                time = _DATE.search(line) if spoken else None
                passage = _Passage(f"{time.group()} " if time else "", spoken, time is not None, [])
                continue
        named = _SPEAKER.match(line) if line.startswith("<") else None
        if named:
            turn_ends()
            if not passage.spoken:  # it only hands over what is to be read
                continue
            speaker, line = named.group(1), line[named.end() :]
        elif line.startswith("Title: "):
            turn_ends()
            yield passage
            passage = _Passage(f"{line.removeprefix('Title: ')}: ", False, False, [])
            continue
        lines.append(line)
    turn_ends()
    yield passage


def _informative(sentence: str, spoken: str) -> bool:
    """Whether a sentence says something: a name or a number inside it, or enough words that carry meaning.

    Fewer will do where people speak of themselves, and none but a name or a number for an assistant.
    """
    if sentence.count(" ") < 2:
        return False
    if _NAMED.search(sentence, 2):
        return True
    if spoken == _ASSISTANT:
        return False
    meaning = len(set(_LOWER.findall(sentence)) - stop_words("en"))
    return meaning >= _MEANING or (meaning >= _OWN_MEANING and _OWN.search(sentence) is not None)


def _core(before: str, passages: Iterable[_Passage]) -> str:
    """Core with the names of passages added."""
    counts = Counter({name: int(count) for name, count in _COUNTED.findall(before)})
    for passage in passages:
        for _, text in passage.turns:
            counts.update(name for name in _NAME.findall(text) if name.lower() not in stop_words("en"))
    if not counts:
        return before
    names = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_NAMES]
    return _CORE + ", ".join(f"{name} {count}" for name, count in names)


def _insert(memory_type: str, content: str) -> str:
    return _call("new_memory_insert", {"memory_type": memory_type, "content": content})


def _call(tool: str, arguments: dict[str, str]) -> str:
    call = json.dumps({"name": tool, "arguments": arguments}, ensure_ascii=False)
    return f"<tool_call>{call}</tool_call>"
