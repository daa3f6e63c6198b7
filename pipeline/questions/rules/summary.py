"""Summary questions: what was read from the first date to the last, answered by keywords (paper: BookSum).

The paper's keywords come from a model that reads a human summary. Without a model they are the names, places,
events and things of the summary that the text has too. Without a summary they come from the text itself, by
TF-IDF: the text has them often, and few other instances of the source have them. Where the source has few
instances at all, words that characterise no text are left out by a list.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from pipeline.core.dates import displayed_date
from pipeline.core.ids import short_id
from pipeline.core.schema import Instance, Question, segment_text
from pipeline.questions.rules.personal_keywords import find_keywords
from pipeline.questions.rules.sentences import AnalyzedSentence
from pipeline.text.casing import MAX_INVERSE_FREQUENCY, WordStatistics
from pipeline.text.keywords import Keyword
from pipeline.text.lexicon import GENERAL_WORDS
from pipeline.text.normalize import contains_normalized, fold_case, normalize_text

MAX_KEYWORDS = 20
MAX_KEYWORD_WORDS = 3  # as in the paper
_MIN_COUNT = 2  # a keyword that the text has once is a detail


def make_summary_question(
    instance: Instance,
    analyzed_sentences: list[list[AnalyzedSentence]],
    word_counts: Counter[str],
    statistics: WordStatistics,
) -> Question | None:
    """Make the summary question of an instance from its text, or None where the text has no keywords.

    Args:
        instance: The instance that is asked about.
        analyzed_sentences: The sentences whose keywords count, a list for each chunk.
        word_counts: The words of the instance, case-folded, with how often each occurs.
        statistics: The words of the whole source.
    """
    first_occurrences: dict[str, tuple[str, int]] = {}  # keyword → first segment id and chunk index
    kinds: dict[str, str] = {}
    for chunk, sentences in zip(instance.chunks, analyzed_sentences, strict=True):
        for analyzed in sentences:
            for keyword in _list_keywords(analyzed, statistics):
                if _is_eligible(keyword) and keyword.text not in first_occurrences:
                    first_occurrences[keyword.text] = (analyzed.sentence.segment.id, chunk.index)
                    kinds[keyword.text] = keyword.kind
    weights = {text: _tf_idf_weight(text, kinds[text], word_counts, statistics) for text in first_occurrences}
    best = sorted(
        (text for text in first_occurrences if weights[text]), key=lambda text: (-weights[text], text)
    )
    chosen = sorted(_drop_variants(best)[:MAX_KEYWORDS])
    if not chosen:
        return None
    text = summary_question_text(instance)
    evidence = [first_occurrences[keyword][0] for keyword in chosen]
    return Question(
        id=short_id(instance.source, instance.id, text, *chosen, *evidence),
        text=text,
        answers=chosen,
        metric="keywords",
        origin="summary",
        kind=None,
        time=None,
        evidence=list(dict.fromkeys(evidence)),
        evidence_chunks=sorted({first_occurrences[keyword][1] for keyword in chosen}),
        source_span=None,
    )


def make_human_summary_question(
    summary_question: Question, instance: Instance, summary_keywords: Iterable[Keyword]
) -> Question | None:
    """Answer the question of a human summary by keywords, or return None where the text has none of them.

    The evidence is the first segment that has each keyword. `summary_keywords`: all keywords of the summary,
    in its order.
    """
    texts = [
        (segment.id, chunk.index, normalize_text(segment_text(chunk, segment)))
        for chunk in instance.chunks
        for segment in chunk.segments
    ]
    first_occurrences: dict[str, tuple[str, int]] = {}
    for text in _drop_variants(keyword.text for keyword in summary_keywords if _is_eligible(keyword)):
        first = next(
            ((segment, index) for segment, index, words in texts if contains_normalized(words, text)),
            None,
        )
        if first is not None and len(first_occurrences) < MAX_KEYWORDS:
            first_occurrences[text] = first
    if not first_occurrences:
        return None
    chosen = sorted(first_occurrences)
    evidence = list(dict.fromkeys(first_occurrences[keyword][0] for keyword in chosen))
    text = summary_question.text or summary_question_text(instance)
    return replace(
        summary_question,
        id=short_id(instance.source, instance.id, text, *chosen, *evidence),
        text=text,
        answers=chosen,
        evidence=evidence,
        evidence_chunks=sorted({index for _, index in first_occurrences.values()}),
    )


def summary_question_text(instance: Instance) -> str:
    """Return the text of a summary question (paper: what was read from the first date to the last)."""
    first, last = displayed_date(instance.chunks[0]), displayed_date(instance.chunks[-1])
    when = f" from {first} to {last}" if first and last else ""
    return f"Summarise what the user read{when}: who and what, where, and what happened."


def _is_eligible(keyword: Keyword) -> bool:
    """Return whether a keyword can be an answer: at most three words, and not a number or time."""
    return (
        keyword.kind in ("name", "place", "event", "thing") and len(keyword.text.split()) <= MAX_KEYWORD_WORDS
    )


def _is_small(statistics: WordStatistics) -> bool:
    """Return whether a source has too few instances for the frequency of words in them to tell much."""
    return statistics.num_instances < MAX_INVERSE_FREQUENCY


def _list_keywords(analyzed: AnalyzedSentence, statistics: WordStatistics) -> list[Keyword]:
    """Return the keywords of a sentence; of a small source, also names that only their capitals show."""
    if not _is_small(statistics):
        return analyzed.keywords
    names = find_keywords(analyzed.sentence.text, analyzed.keywords, statistics)
    return [*analyzed.keywords, *names]


def _tf_idf_weight(text: str, kind: str, word_counts: Counter[str], statistics: WordStatistics) -> int:
    """Return the weight of a keyword by its rarest word; 0: not worth asking for.

    It is the term frequency in the instance times the inverse document frequency, three times that for names,
    places and events.
    """
    words = fold_case(text).split()
    if kind == "thing" and _is_small(statistics) and not GENERAL_WORDS.isdisjoint(words):
        return 0
    term_frequency = min(word_counts[word] for word in words)
    if term_frequency < _MIN_COUNT:
        return 0
    weight = term_frequency * max(map(statistics.inverse_frequency, words))
    return 3 * weight if kind in ("name", "place", "event") else weight


def _drop_variants(texts: Iterable[str]) -> list[str]:
    """Return the first of the texts that share a word, such as Frank Churchill and Churchill."""
    kept: list[str] = []
    seen: set[str] = set()
    for text in texts:
        words = set(fold_case(text).split())
        if seen.isdisjoint(words):
            kept.append(text)
            seen |= words
    return kept
