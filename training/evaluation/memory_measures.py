"""Measure a memory by the facts of its instance, after every chunk and without a judge.

A memory keeps a fact if a statement of an entry or of core holds the value and is about the subject: said by
the subject without naming anybody else, or naming the subject. Words without a speaker are about the user
where they name nobody else. Names alone, such as a list of names, say nothing: a word in small letters must
stand between a name and the value.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.text.normalize import contains_normalized, normalize_text, words
from pipeline.text.tokens import TokenCounter
from training.memory.memory import LIST_NAMES, Memory
from training.memory.replay import replay_steps
from training.memory.schema import EpisodeFact, MemoryMeasures, Step
from training.memory.statements import USER, Statement, split_statements

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n")
_LOWERCASE_WORD = re.compile(r"[^\W\d_A-Z]{2,}")

_USER_WORD = re.compile(r"\b(?:[Uu]ser|I|[Mm]y|me)\b")

_Place = tuple[str, int, int]  # time of a statement, number of its entry in order, index in the entry


@dataclass(frozen=True, slots=True)
class _HeldFact:
    """A fact in a statement of a text."""

    fact: int  # its index
    time: str
    index: int  # of the statement


class FactFinder:
    """A search for facts in the texts of a memory; texts that were searched before are not searched again."""

    def __init__(self, facts: Sequence[EpisodeFact]) -> None:
        """Index the values of facts by their first words."""
        self._facts = facts
        self._subjects = {fact.subject for fact in facts}
        self._values = [normalize_text(fact.value) for fact in facts]
        self._facts_by_word: dict[str, list[int]] = defaultdict(list)
        for number, fact in enumerate(facts):
            self._facts_by_word[next(iter(words(fact.value)), "")].append(number)
        self._found: dict[str, tuple[_HeldFact, ...]] = {}

    def find(self, text: str) -> tuple[_HeldFact, ...]:
        """Return the facts that a text holds, in the order of its statements."""
        found = self._found.get(text)
        if found is None:
            found = self._found[text] = tuple(self._search(text))
        return found

    def _search(self, text: str) -> Iterator[_HeldFact]:
        for index, statement in enumerate(_iter_sentences(text)):
            present = self._facts_by_word.keys() & set(words(statement.text))
            for number in sorted(number for word in present for number in self._facts_by_word[word]):
                if self._holds(statement, number):
                    yield _HeldFact(number, statement.time, index)

    def _holds(self, statement: Statement, number: int) -> bool:
        fact, value = self._facts[number], self._values[number]
        if not contains_normalized(statement.normalized, value):
            return False
        if fact.subject != USER and contains_normalized(statement.normalized, fact.subject):
            return _are_connected(statement.text, fact.subject, fact.value)
        if statement.speaker != fact.subject and (statement.speaker is not None or fact.subject != USER):
            return False
        if statement.speaker is None and fact.value in self._subjects:  # a name alone is not the user's
            return _USER_WORD.search(statement.text) is not None
        others = self._subjects - {USER, fact.subject, fact.value}
        return not any(contains_normalized(statement.normalized, other) for other in others)


def _iter_sentences(text: str) -> Iterator[Statement]:
    """Yield the statements of a text; those without a speaker sentence by sentence."""
    for statement in split_statements(text):
        if statement.speaker is not None:
            yield statement
        else:
            for sentence in filter(None, _SENTENCE_END.split(statement.text)):
                yield replace(statement, text=sentence, normalized=normalize_text(sentence))


def _are_connected(text: str, name: str, value: str) -> bool:
    """Return whether a word in small letters stands between a name and a value somewhere in a text."""
    one, other = re.escape(name), re.escape(value)
    pattern = rf"{one}(.{{0,200}}?){other}|{other}(.{{0,200}}?){one}"
    between = re.search(pattern, text, re.IGNORECASE | re.DOTALL)
    return between is None or _LOWERCASE_WORD.search(between[1] or between[2] or "") is not None


def measure_steps(
    steps: Sequence[Step], facts: Sequence[EpisodeFact], max_core_tokens: int, count_tokens: TokenCounter
) -> list[MemoryMeasures]:
    """Return the measures of the memory after each step; none without facts."""
    if not facts:
        return []
    finder = FactFinder(facts)
    memories = replay_steps(steps, max_core_tokens, count_tokens)
    return [
        measure_memory(memory, facts, finder, chunk, step.memory_tokens)
        for chunk, (memory, step) in enumerate(zip(memories, steps, strict=True))
    ]


def measure_memory(
    memory: Memory, facts: Sequence[EpisodeFact], finder: FactFinder, chunk: int, tokens: int
) -> MemoryMeasures:
    """Measure a memory of `tokens` tokens after the chunk with an index; `finder` has the same facts."""
    kept, num_silent = _find_kept_facts(memory, finder, facts, chunk)
    told = [number for number, fact in enumerate(facts) if fact.chunk <= chunk]
    ended = [number for number in told if _has_ended(facts[number], chunk)]
    holding = [number for number in told if not _has_ended(facts[number], chunk)]
    current = {_key(facts[number]): number for number in holding}
    stale = []
    for number in ended:
        newer = current.get(_key(facts[number]))
        if facts[number].end == "forgotten" or (newer is not None and _same_value(facts, newer, number)):
            continue
        is_replaced = newer in kept and newer is not None and kept[newer] >= kept.get(number, kept[newer])
        stale.append(number in kept and not is_replaced)
    num_entries = sum(len(memory.lists[name]) for name in LIST_NAMES)
    return MemoryMeasures(
        recall=_fraction(number in kept for number in holding),
        stale=_fraction(stale),
        forgotten=_fraction(number in kept for number in ended if facts[number].end == "forgotten"),
        noise=num_silent / num_entries if num_entries else None,
        tokens=tokens,
    )


def _find_kept_facts(
    memory: Memory, finder: FactFinder, facts: Sequence[EpisodeFact], chunk: int
) -> tuple[dict[int, _Place], int]:
    """Return the newest place of each fact in a memory, and the number of entries without a fact told yet."""
    kept: dict[int, _Place] = {}
    num_silent = 0
    texts = [entry.text for name in LIST_NAMES for entry in memory.lists[name]]
    for position, text in enumerate([memory.core, *texts]):
        found = [held for held in finder.find(text) if facts[held.fact].chunk <= chunk]
        num_silent += not found and position > 0
        for held in found:
            place = (held.time, position, held.index)
            kept[held.fact] = max(place, kept.get(held.fact, place))
    return kept, num_silent


def _key(fact: EpisodeFact) -> tuple[str, str]:
    return fact.subject, fact.attribute


def _has_ended(fact: EpisodeFact, chunk: int) -> bool:
    return fact.end is not None and fact.end_chunk is not None and fact.end_chunk <= chunk


def _same_value(facts: Sequence[EpisodeFact], one: int, other: int) -> bool:
    return facts[one].value == facts[other].value


def _fraction(flags: Iterable[bool]) -> float | None:
    listed = list(flags)
    return sum(listed) / len(listed) if listed else None


def mean_measures(measures: Sequence[MemoryMeasures]) -> MemoryMeasures | None:
    """Return the means over the chunks where there was something to measure; None without measures."""
    if not measures:
        return None
    return MemoryMeasures(
        recall=mean_present(one.recall for one in measures),
        stale=mean_present(one.stale for one in measures),
        forgotten=mean_present(one.forgotten for one in measures),
        noise=mean_present(one.noise for one in measures),
        tokens=measures[-1].tokens,
    )


def mean_present(values: Iterable[float | None]) -> float | None:
    """Return the mean of the values that are not None; None where all are."""
    present = [value for value in values if value is not None]
    return sum(present) / len(present) if present else None
