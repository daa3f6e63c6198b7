"""Questions made out of the text of the instances: summary and cloze, in two passes over the shards.

The first pass counts how the source uses its words, the second looks at the most promising sentences.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from pipeline.parallel import map_shards
from pipeline.params import Questions
from pipeline.questions.cloze import clozes
from pipeline.questions.facts import promise
from pipeline.questions.sentences import Read, Sentence, sentences
from pipeline.questions.summary import human_summary, summary
from pipeline.schema import AskedQuestion, Chunk, Instance, Question
from pipeline.storage import count_groups, read_group
from pipeline.text.keywords import Keyword, keywords, tagged
from pipeline.text.normal import folded
from pipeline.text.sentences import SentenceSplitter
from pipeline.text.usage import WORD, Usage

_LONGEST_WORD = 100  # characters; spaCy takes seconds for one of thousands
_LOOKED_AT = 12  # sentences of a chunk that are looked at word by word, the most promising


def make_questions(
    instances: Path, wanted: Questions, assets: Path, told: Mapping[str, Question]
) -> Iterator[AskedQuestion]:
    """The summary and cloze questions of the instances in a file, in their order.

    `told`: the questions that come with a human summary, by instance.
    """
    shards = range(count_groups(instances))
    usage = Usage()
    for part in map_shards(partial(_usage, instances), shards, "shards counted"):
        usage.add(part)
    asked = partial(_asked, instances, wanted, assets, usage, told)
    for rows in map_shards(asked, shards, "shards asked"):
        yield from rows


def _usage(path: Path, shard: int) -> Usage:
    usage = Usage()
    for instance in read_group(path, Instance, shard):
        usage.read(
            chunk.text[segment.start : segment.end] for chunk in instance.chunks for segment in chunk.segments
        )
    return usage


def _asked(
    path: Path, wanted: Questions, assets: Path, usage: Usage, told: Mapping[str, Question], shard: int
) -> list[AskedQuestion]:
    splitter = SentenceSplitter(assets / "nltk")
    return [
        row
        for instance in read_group(path, Instance, shard)
        for row in questions_of(instance, wanted, usage, splitter, told.get(instance.id))
    ]


def questions_of(
    instance: Instance,
    wanted: Questions,
    usage: Usage,
    splitter: SentenceSplitter,
    told: Question | None = None,
) -> Iterator[AskedQuestion]:
    """The questions made for one instance; `usage` is its whole source's, `told` its human summary's."""
    counts: Counter[str] = Counter()
    for chunk in instance.chunks:
        counts.update(map(folded, WORD.findall(chunk.text)))
    looked_at = [
        [_read(sentence, usage) for sentence in _promising(chunk, splitter)] for chunk in instance.chunks
    ]
    if wanted.summary or wanted.told:
        if told is None:
            question = summary(instance, looked_at, counts, usage)
        else:
            question = human_summary(told, instance, _said(told.summary or "", usage, splitter))
        if question is not None:
            yield AskedQuestion(instance.id, question)
    if wanted.cloze:
        for question in clozes(instance, looked_at, counts, usage, wanted.cloze):
            yield AskedQuestion(instance.id, question)


def _said(summary: str, usage: Usage, splitter: SentenceSplitter) -> list[Keyword]:
    """The keywords of a summary, in order; runs of letters and marks that are no words hold none."""
    sentences = [
        " ".join(word for word in summary[start:end].split() if len(word) <= _LONGEST_WORD)
        for start, end in splitter.spans(summary)
    ]
    return [keyword for sentence in sentences for keyword in keywords(tagged(sentence, usage))]


def _read(sentence: Sentence, usage: Usage) -> Read:
    words = tagged(sentence.text, usage)
    return Read(sentence, words, keywords(words))


def _promising(chunk: Chunk, splitter: SentenceSplitter) -> list[Sentence]:
    """The sentences that promise most, in reading order."""
    promising = []
    for number, sentence in enumerate(sentences(chunk, splitter)):
        points = promise(sentence)
        if points:
            promising.append((-points, number, sentence))
    best = sorted(promising, key=lambda one: one[:2])[:_LOOKED_AT]
    return [sentence for _, _, sentence in sorted(best, key=lambda one: one[1])]
