"""The scripted policy: it stores labelled samples and informative sentences by rules, without a model.

It is the baseline that a model must beat, and the teacher of the warm start.

It uses nothing of a chunk but its text. Labelled samples become semantic entries, one each. Of running text,
uninformative sentences are left out, and the rest is stored in entries of a few sentences: dated
conversations in the episodic list under their time and speaker, passages in the semantic list under their
title. Core lists the names seen up to now with their counts. The policy knows nothing else of earlier steps.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.text.sentences import SentenceSplitter
from pipeline.text.stop_words import stop_words
from training.memory.memory import Memory
from training.memory.statements import ASSISTANT
from training.policies import Observation

_FRAME = re.compile(r"\[(?:Dialogue|Event|Remember)\b[^\[\]\n]*\]")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2})?")
_SAMPLE_PREFIXES = ("Sample: ", "Sentence: ")  # beginnings of a labelled sample
_LABEL = re.compile(r"Labels?: (\d+)")
_SPEAKER = re.compile(r"<([^<>\n]{1,40})> ?")
_PROPER_NAME = re.compile(r" (?<=[a-z,;] )([A-Z][a-z]+(?: [A-Z][a-z]+)?)\b")
_NAME_OR_NUMBER = re.compile(r"\s(?:[A-Z](?![ '’])|\d)")
_LOWERCASE_WORD = re.compile(r"[a-z]{3,}")
_FIRST_PERSON = re.compile(r"\b(?:I|i|my|My|we|We|our)\b")
_NAME_COUNT = re.compile(r"[:,] ([^,:]+) (\d+)")

_UNDATED_FRAME = "[Dialogue]"  # above a conversation without a time
_MIN_CONTENT_WORDS = 6  # distinct words that carry meaning in a sentence worth keeping …
_MIN_FIRST_PERSON_WORDS = 2  # … or in one where people speak of themselves
_TARGET_ENTRY_WORDS = 45  # an entry ends after the sentence that brings it to this length
_MAX_CORE_NAMES = 50  # in core, the most frequent
_CORE_PREFIX = "Names met so far and how often: "


@dataclass(frozen=True, slots=True)
class TextSection:
    """Running text under one head."""

    head: str  # title, or time; may be empty
    is_spoken: bool  # whether it is part of a conversation
    is_dated: bool  # whether the head is a time
    turns: list[tuple[str, str]]  # (speaker, empty outside conversations; text)


class ScriptedPolicy:
    """The Policy of the rules above."""

    name = "scripted"
    batch_size = 1

    def __init__(self, assets: Path) -> None:
        """Load the sentence splitter from `assets`, a folder with NLTK's data like data/assets.

        Raises MemcurateError where the data is missing.
        """
        self._splitter = SentenceSplitter(assets / "nltk")

    def act(self, observations: Sequence[Observation]) -> list[str]:
        """Return a reply for each observation, one call a line."""
        return ["\n".join(self._write_calls(observation)) for observation in observations]

    def _write_calls(self, observation: Observation) -> Iterator[str]:
        samples = list(parse_samples(observation.chunk))
        if samples:
            for text, label in samples:
                yield format_insert("semantic", f"{' '.join(text.split())} = label {label}")
            return
        sections = list(parse_sections(observation.chunk))
        core = _update_core(observation.memory.core, sections)
        if core != observation.memory.core:
            arguments = {"memory_type": "core", "new_content": core}
            yield format_call("memory_update", arguments)
        yield from self.write_entries(sections, observation.memory)

    def write_entries(self, sections: Sequence[TextSection], memory: Memory) -> Iterator[str]:
        """Yield the calls that store the sections of a chunk; they depend on nothing in `memory`."""
        for section in sections:
            for entry in self._build_entries(section):
                yield format_insert("episodic" if section.is_dated else "semantic", entry)

    def _build_entries(self, section: TextSection) -> Iterator[str]:
        """Yield entries of a few informative sentences, each under the section's head."""
        kept: list[str] = []
        num_words = 0
        for speaker, text in section.turns:
            unnamed_speaker = speaker
            for start, end in self._splitter.spans(text):
                sentence = text[start:end]
                if not _is_informative(sentence, speaker):
                    continue
                words = sentence.split()
                if unnamed_speaker:
                    kept.append(f"{unnamed_speaker}:")
                    unnamed_speaker = ""
                kept += words
                num_words += len(words)
                if num_words >= _TARGET_ENTRY_WORDS:
                    yield section.head + " ".join(kept)
                    kept, num_words, unnamed_speaker = [], 0, speaker
        if kept:
            yield section.head + " ".join(kept)


def parse_samples(chunk: str) -> Iterator[tuple[str, str]]:
    """Yield (text, label) of each labelled sample, whose text goes on to the line with its label."""
    lines: list[str] = []
    for line in chunk.split("\n"):
        label = _LABEL.fullmatch(line.lstrip()) if lines else None
        if label:
            yield "\n".join(lines), label.group(1)
            lines = []
        elif lines:
            lines.append(line)
        elif line.startswith(_SAMPLE_PREFIXES):
            lines.append(line.partition(": ")[2])


def parse_sections(chunk: str) -> Iterator[TextSection]:
    """Yield the sections of a chunk's running text: one for each title or, in conversations, each time."""
    section = TextSection("", False, False, [])
    speaker = ""
    lines: list[str] = []

    def finish_turn() -> None:
        if any(lines):
            section.turns.append((speaker if section.is_spoken else "", "\n".join(lines)))
        lines.clear()

    for line in chunk.split("\n"):
        if line.startswith("["):
            frame = _FRAME.match(line)
            if frame:
                finish_turn()
                yield section
                is_spoken = frame.group() == _UNDATED_FRAME or "at timestamp" in line
                time = _DATE.search(line) if is_spoken else None
                section = TextSection(f"{time.group()} " if time else "", is_spoken, time is not None, [])
                continue
        speaker_mark = _SPEAKER.match(line) if line.startswith("<") else None
        if speaker_mark:
            finish_turn()
            if not section.is_spoken:  # such a line only introduces the text to read
                continue
            speaker, line = speaker_mark.group(1), line[speaker_mark.end() :]
        elif line.startswith("Title: "):
            finish_turn()
            yield section
            section = TextSection(f"{line.removeprefix('Title: ')}: ", False, False, [])
            continue
        lines.append(line)
    finish_turn()
    yield section


def _is_informative(sentence: str, speaker: str) -> bool:
    """Return whether a sentence has a name or a number inside it, or enough words that carry meaning.

    Fewer such words are enough where people speak of themselves. For an assistant only names and numbers
    count.
    """
    if sentence.count(" ") < 2:
        return False
    if _NAME_OR_NUMBER.search(sentence, 2):
        return True
    if speaker == ASSISTANT:
        return False
    num_content_words = len(set(_LOWERCASE_WORD.findall(sentence)) - stop_words("en"))
    return num_content_words >= _MIN_CONTENT_WORDS or (
        num_content_words >= _MIN_FIRST_PERSON_WORDS and _FIRST_PERSON.search(sentence) is not None
    )


def _update_core(before: str, sections: Iterable[TextSection]) -> str:
    """Return core with the names of the sections added to its counts."""
    counts = Counter({name: int(count) for name, count in _NAME_COUNT.findall(before)})
    for section in sections:
        for _, text in section.turns:
            counts.update(name for name in _PROPER_NAME.findall(text) if name.lower() not in stop_words("en"))
    if not counts:
        return before
    names = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MAX_CORE_NAMES]
    return _CORE_PREFIX + ", ".join(f"{name} {count}" for name, count in names)


def format_insert(memory_type: str, content: str) -> str:
    """Return an insert as a model writes it, on one line."""
    return format_call("new_memory_insert", {"memory_type": memory_type, "content": content})


def format_call(tool: str, arguments: dict[str, str]) -> str:
    """Return a tool call as a model writes it, on one line."""
    call = json.dumps({"name": tool, "arguments": arguments}, ensure_ascii=False)
    return f"<tool_call>{call}</tool_call>"
