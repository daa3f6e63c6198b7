"""Make summary and cloze questions of the text of instances, in two passes over the shards.

The first pass counts how the source uses its words, the second analyzes the most promising sentences.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from pipeline.core.parallel import map_shards
from pipeline.core.params import QuestionParams
from pipeline.core.schema import (
    Chunk,
    Instance,
    InstanceQuestion,
    InstanceTexts,
    Question,
    SegmentSpan,
    segment_text,
)
from pipeline.questions.rules.cloze import make_cloze_questions
from pipeline.questions.rules.facts import score_words
from pipeline.questions.rules.languages.clozes import make_language_clozes
from pipeline.questions.rules.plain_clozes import make_plain_clozes
from pipeline.questions.rules.sentences import AnalyzedSentence, Sentence, find_register, find_sentences
from pipeline.questions.rules.summary import make_human_summary_question, make_summary_question
from pipeline.text.casing import WordStatistics, count_words
from pipeline.text.keywords import Keyword, SentenceTagger, extract_keywords
from pipeline.text.languages import find_language
from pipeline.text.sentences import SentenceSplitter, load_splitter

_MAX_WORD_CHARS = 100  # spaCy takes seconds for a word of thousands of characters
_INSTANCES_PER_COUNT = 128  # whose words are counted at once
_MAX_SENTENCES = 12  # sentences of a chunk that are analyzed word by word

_MakeShard = Callable[[Callable[[], Iterable[Instance]]], list[InstanceQuestion]]


def make_rule_questions(
    shards: Sequence[Callable[[], Iterable[Instance]]],
    text_shards: Sequence[Callable[[], Iterable[Instance | InstanceTexts]]],
    config: QuestionParams,
    assets: Path,
    summary_questions: Mapping[str, Question],
    language: str = "en",
) -> Iterator[InstanceQuestion]:
    """Make the summary and cloze questions of a source, in the order of its instances.

    Args:
        shards: Each gives the instances of a shard, anew at each call; worker processes call them.
        text_shards: The same for the texts alone, which suffice to count words.
        config: The source's `questions` block.
        assets: The folder of assets, for the sentence splitter.
        summary_questions: Questions that come with a human summary, by instance.
        language: That of the source, by ISO 639.
    """
    make_shard: _MakeShard
    if find_language(language) is None:
        statistics = WordStatistics()
        for part in map_shards(_count_words, text_shards, "shards counted"):
            statistics.merge(part)
        tagger = SentenceTagger(statistics)
        make_shard = partial(_make_shard_questions, config, assets, tagger, summary_questions)
    else:
        make_shard = partial(_make_shard_clozes, config, assets, language)
    for rows in map_shards(make_shard, shards, "shards with questions"):
        yield from rows


def _count_words(read_shard: Callable[[], Iterable[Instance | InstanceTexts]]) -> WordStatistics:
    return count_instance_words(read_shard())


def count_instance_words(instances: Iterable[Instance | InstanceTexts]) -> WordStatistics:
    """Count the words of instances."""
    statistics = WordStatistics()
    remaining = iter(instances)
    while batch := list(islice(remaining, _INSTANCES_PER_COUNT)):
        statistics.add_instances(
            [segment_text(chunk, segment) for chunk in instance.chunks for segment in chunk.segments]
            for instance in batch
        )
    return statistics


def _make_shard_clozes(
    config: QuestionParams, assets: Path, language: str, read_shard: Callable[[], Iterable[Instance]]
) -> list[InstanceQuestion]:
    splitter = load_splitter(assets / "nltk")
    return [
        row for instance in read_shard() for row in make_instance_clozes(instance, config, language, splitter)
    ]


def make_instance_clozes(
    instance: Instance, config: QuestionParams, language: str, splitter: SentenceSplitter
) -> Iterator[InstanceQuestion]:
    """Make the cloze questions of one instance in one of the languages that `find_language` knows."""
    known = find_language(language)
    assert known is not None
    for question in make_language_clozes(instance, known, splitter, config.cloze):
        yield InstanceQuestion(instance.id, question)


def _make_shard_questions(
    config: QuestionParams,
    assets: Path,
    tagger: SentenceTagger,
    summary_questions: Mapping[str, Question],
    read_shard: Callable[[], Iterable[Instance]],
) -> list[InstanceQuestion]:
    splitter = load_splitter(assets / "nltk")
    return [
        row
        for instance in read_shard()
        for row in make_instance_questions(
            instance, config, tagger, splitter, summary_questions.get(instance.id)
        )
    ]


def make_instance_questions(
    instance: Instance,
    config: QuestionParams,
    tagger: SentenceTagger,
    splitter: SentenceSplitter,
    summary_question: Question | None = None,
) -> Iterator[InstanceQuestion]:
    """Make the summary and cloze questions of one instance.

    Args:
        instance: The instance that is asked about.
        config: The source's `questions` block.
        tagger: Knows the words of the whole source.
        splitter: Splits text into sentences.
        summary_question: The question that comes with a human summary of the instance, if there is one.
    """
    word_counts = count_words("\n".join(chunk.text for chunk in instance.chunks))
    analyzed_sentences = [
        [_analyze_sentence(sentence, tagger) for sentence in _select_sentences(chunk, splitter)]
        for chunk in instance.chunks
    ]
    if config.summary or config.generated_summaries:
        if summary_question is None:
            question = make_summary_question(instance, analyzed_sentences, word_counts, tagger.statistics)
        else:
            question = make_human_summary_question(
                summary_question,
                instance,
                _extract_keywords(summary_question.summary or "", tagger, splitter),
            )
        if question is not None:
            yield InstanceQuestion(instance.id, question)
    if config.cloze:
        clozes = list(make_cloze_questions(instance, analyzed_sentences, word_counts, tagger, config.cloze))
        clozes += make_plain_clozes(instance, clozes, word_counts, tagger, splitter, config.min_clozes)
        for question in clozes:
            yield InstanceQuestion(instance.id, question)


def _extract_keywords(summary: str, tagger: SentenceTagger, splitter: SentenceSplitter) -> list[Keyword]:
    """Return the keywords of a summary, in order; runs of more than 100 characters are left out."""
    sentences = [
        " ".join(word for word in summary[start:end].split() if len(word) <= _MAX_WORD_CHARS)
        for start, end in splitter.spans(summary)
    ]
    return [keyword for sentence in sentences for keyword in extract_keywords(tagger.tag(sentence))]


def _analyze_sentence(sentence: Sentence, tagger: SentenceTagger) -> AnalyzedSentence:
    words = tagger.tag(sentence.text)
    return AnalyzedSentence(sentence, words, extract_keywords(words))


def _select_sentences(chunk: Chunk, splitter: SentenceSplitter) -> list[Sentence]:
    """Return the sentences of a chunk with the highest scores, in reading order; a user's come beside."""
    scored: dict[bool, list[tuple[int, int, tuple[SegmentSpan, int, int, str]]]] = {True: [], False: []}
    for index, (fields, words) in enumerate(find_sentences(chunk, splitter)):
        register = find_register(fields[0])
        score = score_words(fields[3], words, register)
        if score:
            scored[register == "user"].append((-score, index, fields))
    best = [one for some in scored.values() for one in sorted(some, key=lambda one: one[:2])[:_MAX_SENTENCES]]
    return [Sentence(*fields) for _, _, fields in sorted(best, key=lambda one: one[1])]
