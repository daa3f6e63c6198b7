"""Cloze questions: a sentence of the instance with one fact left out, and when it was written or read.

The answer occurs in the sentence by construction, so no model is needed. The paper's questions about such
sources are written by a model.
"""

from collections import Counter
from collections.abc import Iterator

from pipeline.core.dates import displayed_date
from pipeline.core.ids import short_id
from pipeline.core.question_templates import cloze_question
from pipeline.core.schema import BLANK, Chunk, Instance, Question, Span
from pipeline.questions.rules.facts import Fact, find_best_fact
from pipeline.questions.rules.sentences import AnalyzedSentence, Sentence
from pipeline.text.keywords import SentenceTagger
from pipeline.text.normalize import fold_case
from pipeline.text.segment_names import document_and_section

_MAX_SAME_ANSWER = 2  # questions of an instance with the same answer


def make_cloze_questions(
    instance: Instance,
    analyzed_sentences: list[list[AnalyzedSentence]],
    word_counts: Counter[str],
    tagger: SentenceTagger,
    max_per_chunk: int,
) -> Iterator[Question]:
    """Make up to `max_per_chunk` cloze questions of each chunk, those with the best facts first.

    Args:
        instance: The instance that is asked about.
        analyzed_sentences: The sentences to choose from, a list for each chunk.
        word_counts: The words of the instance, case-folded, with how often each occurs.
        tagger: Knows the words of the whole source.
        max_per_chunk: At most two questions of the instance have the same answer, so a chunk may have fewer.
    """
    answer_counts: Counter[str] = Counter()
    for chunk, sentences in zip(instance.chunks, analyzed_sentences, strict=True):
        candidates = []
        for analyzed in sentences:
            fact = find_best_fact(analyzed, tagger, word_counts)
            if fact is not None:
                candidates.append((fact, analyzed.sentence))
        count = 0
        for fact, sentence in sorted(candidates, key=lambda one: -one[0].score):
            answer = fold_case(fact.text)
            if count < max_per_chunk and answer_counts[answer] < _MAX_SAME_ANSWER:
                answer_counts[answer] += 1
                count += 1
                yield _make_question(instance.source, chunk, sentence, fact)


def _make_question(source: str, chunk: Chunk, sentence: Sentence, fact: Fact) -> Question:
    segment = sentence.segment
    blanked = sentence.text[: fact.start] + BLANK + sentence.text[fact.end :]
    text = cloze_question(_make_lead(chunk, sentence), blanked)
    span = segment.source_span
    return Question(
        id=short_id(source, text, fact.text, segment.id),
        text=text,
        answers=[fact.text],
        metric="contains",
        origin="cloze",
        kind=fact.kind,
        time=None,
        evidence=[segment.id],
        evidence_chunks=[chunk.index],
        source_span=Span(span.file, span.record, span.start + sentence.start, span.start + sentence.end),
    )


def _make_lead(chunk: Chunk, sentence: Sentence) -> str:
    """Return the first line of a question: who wrote the sentence and when, or when and where it was read."""
    segment = sentence.segment
    if sentence.is_spoken:
        when = f" at {segment.time}" if segment.time else ""
        return f"What is missing in this sentence, which {segment.speaker} wrote{when}?"
    date = displayed_date(chunk)
    when = f" on {date}" if date else ""
    return f"What is missing in this sentence, which the user read{when} in {document_and_section(segment)}?"
