"""The random scripted policy: it stores a few sentences of a chunk, drawn by chance, one in an entry.

It chooses nothing, so it is the floor for a policy that has to choose what a small memory keeps. As the
teacher of a warm start it shows the form alone: what is worth an entry is left to reinforcement learning.
An entry has its speaker or title and no time, which would take as much of a small memory as the sentence.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.core import seeded_random
from pipeline.text.sentences import SentenceSplitter
from training.policies import Observation
from training.policies.scripted import format_insert, parse_samples, parse_sections

_MAX_ENTRIES = 3  # of a chunk, at least 1
_MIN_WORDS, _MAX_WORDS = 4, 40  # of a sentence that is drawn


class RandomPolicy:
    """The Policy of the rules above."""

    name = "scripted_random"
    batch_size = 1

    def __init__(self, assets: Path) -> None:
        """Load the sentence splitter from `assets`, a folder with NLTK's data like data/assets.

        Raises MemcurateError where the data is missing.
        """
        self._splitter = SentenceSplitter(assets / "nltk")

    def act(self, observations: Sequence[Observation]) -> list[str]:
        """Return a reply for each observation, one call a line; the draws depend on the chunk alone."""
        return ["\n".join(self._write_calls(observation)) for observation in observations]

    def _write_calls(self, observation: Observation) -> Iterator[str]:
        """Yield an insert for each drawn entry that is new and has room, in the order of the chunk."""
        memory, chunk = observation.memory, observation.chunk
        stored = {text for entries in memory.lists.values() for _, text in entries.items()}
        entries = [text for text in dict.fromkeys(self._list_entries(chunk)) if text not in stored]
        drawn = seeded_random.shuffled(entries, str, 0, "entries", chunk)
        count = seeded_random.randint(1, _MAX_ENTRIES, 0, "number of entries", chunk)
        tokens = memory.tokens
        for text in sorted(drawn[:count], key=entries.index):
            tokens += memory.count(text)
            if memory.max_tokens is None or tokens <= memory.max_tokens:
                yield format_insert("semantic", text)

    def _list_entries(self, chunk: str) -> Iterator[str]:
        """Yield the text of each sample, or else of each sentence under its speaker or title."""
        samples = [f"{' '.join(text.split())} = label {label}" for text, label in parse_samples(chunk)]
        yield from samples
        for section in [] if samples else parse_sections(chunk):
            for speaker, text in section.turns:
                head = f"{speaker}: " if speaker else section.head
                for start, end in self._splitter.spans(text):
                    words = text[start:end].split()
                    if _MIN_WORDS <= len(words) <= _MAX_WORDS:
                        yield f"{head}{' '.join(words)}"
