"""Make summary and cloze questions of the text of instances, in two passes over the shards.

The first pass counts how the source uses its words, the second analyzes the most promising sentences.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from pipeline.core.parallel import map_shards
from pipeline.core.params import QuestionParams
from pipeline.core.schema import Chunk, Instance, InstanceQuestion, Question, segment_text
from pipeline.questions.rules.cloze import make_cloze_questions
from pipeline.questions.rules.facts import score_sentence
from pipeline.questions.rules.sentences import AnalyzedSentence, Sentence, extract_sentences
from pipeline.questions.rules.summary import make_human_summary_question, make_summary_question
from pipeline.text.casing import WORD, WordStatistics
from pipeline.text.keywords import Keyword, extract_keywords, tag_sentence
from pipeline.text.normalize import fold_case
from pipeline.text.sentences import SentenceSplitter

_MAX_WORD_CHARS = 100  # spaCy takes seconds for a word of thousands of characters
_MAX_SENTENCES = 12  # sentences of a chunk that are analyzed word by word


def make_rule_questions(
    shards: Sequence[Callable[[], Iterable[Instance]]],
    config: QuestionParams,
    assets: Path,
    summary_questions: Mapping[str, Question],
) -> Iterator[InstanceQuestion]:
    """Make the summary and cloze questions of a source, in the order of its instances.

    Args:
        shards: Each gives the instances of a shard, anew at each call; worker processes call them.
        config: The source's `questions` block.
        assets: The folder of assets, for the sentence splitter.
        summary_questions: Questions that come with a human summary, by instance.
    """
    statistics = WordStatistics()
    for part in map_shards(_count_words, shards, "shards counted"):
        statistics.merge(part)
    make_shard = partial(_make_shard_questions, config, assets, statistics, summary_questions)
    for rows in map_shards(make_shard, shards, "shards with questions"):
        yield from rows


def _count_words(read_shard: Callable[[], Iterable[Instance]]) -> WordStatistics:
    statistics = WordStatistics()
    for instance in read_shard():
        statistics.add_instance(
            segment_text(chunk, segment) for chunk in instance.chunks for segment in chunk.segments
        )
    return statistics


def _make_shard_questions(
    config: QuestionParams,
    assets: Path,
    statistics: WordStatistics,
    summary_questions: Mapping[str, Question],
    read_shard: Callable[[], Iterable[Instance]],
) -> list[InstanceQuestion]:
    splitter = SentenceSplitter(assets / "nltk")
    return [
        row
        for instance in read_shard()
        for row in make_instance_questions(
            instance, config, statistics, splitter, summary_questions.get(instance.id)
        )
    ]


def make_instance_questions(
    instance: Instance,
    config: QuestionParams,
    statistics: WordStatistics,
    splitter: SentenceSplitter,
    summary_question: Question | None = None,
) -> Iterator[InstanceQuestion]:
    """Make the summary and cloze questions of one instance.

    Args:
        instance: The instance that is asked about.
        config: The source's `questions` block.
        statistics: The words of the whole source.
        splitter: Splits text into sentences.
        summary_question: The question that comes with a human summary of the instance, if there is one.
    """
    word_counts: Counter[str] = Counter()
    for chunk in instance.chunks:
        word_counts.update(map(fold_case, WORD.findall(chunk.text)))
    analyzed_sentences = [
        [_analyze_sentence(sentence, statistics) for sentence in _select_sentences(chunk, splitter)]
        for chunk in instance.chunks
    ]
    if config.summary or config.generated_summaries:
        if summary_question is None:
            question = make_summary_question(instance, analyzed_sentences, word_counts, statistics)
        else:
            question = make_human_summary_question(
                summary_question,
                instance,
                _extract_keywords(summary_question.summary or "", statistics, splitter),
            )
        if question is not None:
            yield InstanceQuestion(instance.id, question)
    if config.cloze:
        for question in make_cloze_questions(
            instance, analyzed_sentences, word_counts, statistics, config.cloze
        ):
            yield InstanceQuestion(instance.id, question)


def _extract_keywords(summary: str, statistics: WordStatistics, splitter: SentenceSplitter) -> list[Keyword]:
    """Return the keywords of a summary, in order; runs of more than 100 characters are left out."""
    sentences = [
        " ".join(word for word in summary[start:end].split() if len(word) <= _MAX_WORD_CHARS)
        for start, end in splitter.spans(summary)
    ]
    return [
        keyword for sentence in sentences for keyword in extract_keywords(tag_sentence(sentence, statistics))
    ]


def _analyze_sentence(sentence: Sentence, statistics: WordStatistics) -> AnalyzedSentence:
    words = tag_sentence(sentence.text, statistics)
    return AnalyzedSentence(sentence, words, extract_keywords(words))


def _select_sentences(chunk: Chunk, splitter: SentenceSplitter) -> list[Sentence]:
    """Return the sentences of a chunk with the highest scores, in reading order."""
    scored = []
    for index, sentence in enumerate(extract_sentences(chunk, splitter)):
        score = score_sentence(sentence)
        if score:
            scored.append((-score, index, sentence))
    best = sorted(scored, key=lambda one: one[:2])[:_MAX_SENTENCES]
    return [sentence for _, _, sentence in sorted(best, key=lambda one: one[1])]
