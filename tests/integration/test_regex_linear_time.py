"""Time grows with the length of a text: of every pattern in the code, and of what is made of patterns.

The texts that a pattern is run on are made from the pattern: beginnings of what it matches, once and many
times, with runs of the characters that it names.
"""

import re

# How `re` itself reads a pattern: it has no public name, and no types.
import re._constants as codes  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import chain
from pathlib import Path
from pkgutil import walk_packages
from random import Random
from time import process_time
from typing import Any

import pytest

import pipeline
import training
from pipeline.checks.language import detect_other_language
from pipeline.core.ids import SegmentIds
from pipeline.lineage.highlight import find_spans
from pipeline.matching.match import matches_answer
from pipeline.questions.generated.quotes import find_quoted_segments
from pipeline.report.sanitize import highlight_answers
from pipeline.sources.formats import memory_agent_bench as bench
from pipeline.sources.formats.books import HEADINGS, PART_ABOVE, find_chapters
from pipeline.text.casing import WordStatistics
from pipeline.text.normalize import occurs_in, words
from pipeline.text.pii import find_pii_spans as personal_data
from pipeline.text.sentences import SentenceSplitter
from pipeline.text.shingles import unigram_bigram_hashes
from pipeline.text.tokens import Tokenizer, truncate_to_tokens
from tests.pipeline.questions.factories import make_instance
from training.evaluation.answer_metrics import score_answer
from training.evaluation.answering.extractive import extract_samples
from training.evaluation.retrieval import Passage
from training.memory.content_validity import invalidity_reason
from training.memory.memory import Memory
from training.memory.tools import ToolCall
from training.policies import Observation
from training.policies.scripted import ScriptedPolicy

LENGTHS = (400, 1600, 6400)
LONG = 60_000
SECONDS = 5.0  # for LONG characters: five times what the slowest takes
ANY = " \n\taA0.,-é"
KINDS = {
    codes.CATEGORY_DIGIT: "0",
    codes.CATEGORY_NOT_DIGIT: "a",
    codes.CATEGORY_SPACE: " ",
    codes.CATEGORY_NOT_SPACE: "a",
    codes.CATEGORY_WORD: "a",
    codes.CATEGORY_NOT_WORD: "-",
}
# They read what the user writes in params.yaml, a line each.
OF_PARAMS = ("pipeline.fetching", "pipeline.core.params", "pipeline.lineage.locations")
# Matched at one place, where what stood before ended: nothing is looked at twice.
IN_TURN = ("pipeline.sources.csv_rows", "training.memory.call_dialects")


def patterns(left_out: tuple[str, ...] = ()) -> Iterator[tuple[str, re.Pattern[str]]]:
    """All that stand in modules, alone or in collections, by the module's name."""
    for package in (pipeline, training):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.startswith(left_out):
                continue
            try:
                values = vars(import_module(module.name)).values()
            except ImportError:  # what needs the packages that train models
                continue
            for value in list(values):
                yield from (
                    (module.name, pattern) for pattern in inside(value) if isinstance(pattern.pattern, str)
                )
    yield from (("gutenberg", re.compile(heading, re.MULTILINE)) for heading in HEADINGS.values())


def inside(value: Any, depth: int = 0) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict) and depth < 3:
        yield from chain.from_iterable(inside(one, depth + 1) for one in value.values())
    elif isinstance(value, list | tuple | set | frozenset) and depth < 3:
        yield from chain.from_iterable(inside(one, depth + 1) for one in value)


def parts(tree: Any, draws: Random) -> Iterator[str]:
    """Characters one after the other that a pattern may match, some choices drawn."""
    for kind, value in tree:
        if kind is codes.LITERAL:
            yield chr(value)
        elif kind in (codes.NOT_LITERAL, codes.ANY):
            yield "x"
        elif kind is codes.IN:
            yield draws.choice(list(members(value)) or ["x"])
        elif kind is codes.BRANCH:
            yield from parts(draws.choice(value[1]), draws)
        elif kind is codes.SUBPATTERN:
            yield from parts(value[-1], draws)
        elif kind in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            for _ in range(min(max(value[0], draws.choice([0, 1, 1, 2])), int(value[1]), 40)):
                yield from parts(value[2], draws)
        elif kind is codes.ASSERT:
            yield from parts(value[1], draws)
        elif kind is codes.ATOMIC_GROUP:
            yield from parts(value, draws)


def members(named: Any) -> Iterator[str]:
    """Characters of a class; of one that excludes some, others."""
    listed = set()
    for kind, value in named:
        if kind is codes.LITERAL:
            listed.add(chr(value))
        elif kind is codes.RANGE:
            listed |= {chr(value[0]), chr(value[1])}
        elif kind is codes.CATEGORY:
            listed.add(KINDS.get(value, "a"))
    yield from sorted(set(ANY) - listed if named[0][0] is codes.NEGATE else listed)


def texts(pattern: re.Pattern[str]) -> Iterator[Callable[[int], str]]:
    """Texts of a length that a pattern may take long for."""
    draws = Random(1)
    tree = parser.parse(pattern.pattern, pattern.flags)
    seen: set[str] = set()
    for _ in range(3):
        whole = "".join(parts(tree, draws))
        seen |= set(whole)
        for cut in draws.sample(range(len(whole) + 1), min(6, len(whole) + 1)):
            yield from (repeated(part) for part in (whole[:cut], whole[cut:]) if part)
            for run in draws.sample([*ANY, *sorted(seen)], 3):
                yield followed(whole[:cut], run)
                yield repeated(whole[:cut] + run)
    yield from (repeated(run) for run in sorted({*ANY, *seen})[:40])


def repeated(part: str) -> Callable[[int], str]:
    return lambda length: part * (length // len(part))


def followed(part: str, run: str) -> Callable[[int], str]:
    return lambda length: part + run * length


def seconds(run: Callable[[], Any]) -> float:
    before = process_time()
    run()
    return process_time() - before


def takes_too_long(pattern: re.Pattern[str], make: Callable[[int], str]) -> bool:
    """Whether four times the length takes more than eight times as long."""

    def measured(length: int) -> float:
        text = make(length)
        return seconds(lambda: (pattern.findall(text), pattern.fullmatch(text)))

    before = measured(LENGTHS[0])
    for length in LENGTHS[1:]:
        now = measured(length)
        if now > max(0.01, 8 * before) and min(measured(length) for _ in range(3)) > 8 * before:
            return True
        before = now
    return False


def test_patterns() -> None:
    listed = patterns(left_out=OF_PARAMS + IN_TURN)
    found = {(pattern.pattern, pattern.flags): (name, pattern) for name, pattern in listed}
    assert len(found) > 100
    slow = [
        f"{name}: {pattern.pattern[:60]!r} on {make(20)!r}"
        for name, pattern in found.values()
        for make in texts(pattern)
        if takes_too_long(pattern, make)
    ]
    assert not slow, slow[:5]


@pytest.mark.parametrize("pattern", [r"\s+x", r"^S: (.*?)\s*\n\s*L: (\d+)$", r"\\boxed\{\s*(.*?)\s*\}"])
def test_the_test_finds(pattern: str) -> None:
    compiled = re.compile(pattern, re.MULTILINE | re.DOTALL)
    assert any(takes_too_long(compiled, make) for make in texts(compiled))


PIECES = [
    *(" ", "\n", "a", "A", "0", ".", "?", '"', "-", "(", "[", "<", "e\u0301", "क्", "中"),
    *(
        "Rome or ",
        "both Rome and ",
        "Ann Smith ",
        "(a) ",
        "“a” ",
        "2 million ",
        "A ",
        "a. ",
        "a.",
        '."',
        "U.S. ",
    ),
    *(
        "Sample: ",
        "\nLabel: ",
        "label 1 ",
        "[Event happened",
        "<a> ",
        "\\boxed{",
        "Document 1: ",
        "1/2/",
        "a@b.com ",
    ),
]
GOLD = ["Rome", "25", "a member of 3", "Ann Smith", "Monson, Maine", "yes"]


@dataclass(frozen=True)
class Tools:
    """What some functions need beside a text."""

    splitter: SentenceSplitter
    tokenizer: Tokenizer
    writer: ScriptedPolicy
    memory: Memory


@pytest.fixture(scope="module")
def tools(assets: Path) -> Tools:
    tokenizer = Tokenizer("o200k_base", assets)
    splitter = SentenceSplitter(assets / "nltk")
    return Tools(splitter, tokenizer, ScriptedPolicy(assets), Memory(tokenizer.count, 512))


def half(text: str) -> str:
    """What stands in a text nearly: all but a last character."""
    return text[: len(text) // 2] + "x"


def sections(mark: re.Pattern[str], text: str) -> object:
    context = bench.BenchmarkContext(f"x{text}x", "f", (), "d", SegmentIds("made", "d"))
    return bench.parse_pieces(mark, context)


def all_chapters(text: str) -> object:
    headings = (None, *HEADINGS.values())
    return [
        find_chapters(text, len(text), one, above)
        for one in headings
        for above in (None, *PART_ABOVE.values())
    ]


def _episode(text: str) -> ToolCall:
    return ToolCall("new_memory_insert", {"memory_type": "episodic", "content": text})


READERS: dict[str, Callable[[Tools, str], object]] = {
    "sentences": lambda tools, text: tools.splitter.spans(text),
    "tokens": lambda tools, text: tools.tokenizer.count(text),
    "a beginning": lambda tools, text: truncate_to_tokens(text, 100, tools.tokenizer.count),
    "a reply": lambda tools, text: matches_answer(text, GOLD),
    "a reply like the answer": lambda tools, text: matches_answer(f"not {text}", [half(text), text[:100]]),
    "an answer": lambda tools, text: matches_answer("it is Rome or Milan, 25 of", [text]),
    "words": lambda tools, text: words(text),
    "containment": lambda tools, text: (
        occurs_in(half(text), text),
        occurs_in(text[: LONG // 2], f"{text}x"),
    ),
    "shingles": lambda tools, text: unigram_bigram_hashes(text),
    "usage": lambda tools, text: WordStatistics().add_instances([[text]]),
    "language": lambda tools, text: detect_other_language(text),
    "personal data": lambda tools, text: personal_data(text),
    "marking": lambda tools, text: (find_spans(text, [text[:50]]), highlight_answers(text, [text[:50]], 500)),
    "quotes": lambda tools, text: find_quoted_segments(
        half(text), make_instance("made/i", {"made/s": text}).chunks[0]
    ),
    "the scripted writer": lambda tools, text: tools.writer.act([Observation(tools.memory, text)]),
    "labelled samples": lambda tools, text: extract_samples(Passage("s1", text)),
    "validity": lambda tools, text: invalidity_reason(_episode(text), half(text)),
    "a boxed label": lambda tools, text: score_answer("exact", ["1"], text),
    "documents of a context": lambda tools, text: sections(bench.DOCUMENT_DELIMITER, text),
    "samples of a context": lambda tools, text: sections(bench.SAMPLE_DELIMITER, text),
    "chapters": lambda tools, text: all_chapters(text),
}


@pytest.mark.parametrize("reader", READERS)
def test_readers(reader: str, tools: Tools) -> None:
    for piece in PIECES:
        text = piece * (LONG // len(piece))
        assert seconds(lambda text=text: READERS[reader](tools, text)) < SECONDS, piece  # type: ignore[misc]
