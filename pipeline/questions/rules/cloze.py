"""Cloze questions: a sentence of the instance with one fact left out, and when it was written or read.

The answer occurs in the sentence by construction, so no model is needed. The paper's questions about such
sources are written by a model.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from pipeline.core.dates import displayed_date, displayed_time
from pipeline.core.ids import short_id
from pipeline.core.question_templates import cloze_question
from pipeline.core.schema import BLANK, Chunk, Instance, Question, SegmentSpan, Span, segment_text
from pipeline.questions.rules.facts import Fact, find_best_fact
from pipeline.questions.rules.sentences import AnalyzedSentence, Sentence, find_register
from pipeline.text.keywords import SentenceTagger
from pipeline.text.normalize import fold_case, occurs_in
from pipeline.text.segment_names import document_and_section

_REQUEST = re.compile(r"[^.!?\n\"]{15,160}\?")
MAX_SAME_ANSWER = 2  # questions of an instance with the same answer


def make_cloze_questions(
    instance: Instance,
    analyzed_sentences: list[list[AnalyzedSentence]],
    word_counts: Counter[str],
    tagger: SentenceTagger,
    max_per_chunk: int,
) -> Iterator[Question]:
    """Make up to `max_per_chunk` cloze questions of each chunk, those with the best facts first.

    Facts that a user tells an assistant come before those of the assistant.

    Args:
        instance: The instance that is asked about.
        analyzed_sentences: The sentences to choose from, a list for each chunk.
        word_counts: The words of the instance, case-folded, with how often each occurs.
        tagger: Knows the words of the whole source.
        max_per_chunk: At most two questions of the instance have the same answer, so a chunk may have fewer.
    """
    candidates = (
        [
            (fact, analyzed.sentence)
            for analyzed in sentences
            if (fact := find_best_fact(analyzed, tagger, word_counts)) is not None
        ]
        for sentences in analyzed_sentences
    )
    return choose_clozes(instance, candidates, make_lead, max_per_chunk)


def choose_clozes(
    instance: Instance,
    candidates: Iterable[Sequence[tuple[Fact, Sentence]]],
    make_lead: Callable[[Chunk, Sentence, Fact], str],
    max_per_chunk: int,
    spell: Callable[[str], list[str]] = lambda text: [text],
) -> Iterator[Question]:
    """Make cloze questions of facts, up to `max_per_chunk` of each chunk, the highest scores first.

    At most two questions of the instance have the same answer. `candidates`: the facts of each chunk, with
    their sentences; `make_lead` returns the first line of a question; `spell` the ways to write an answer.
    """
    answer_counts: Counter[str] = Counter()
    for chunk, facts in zip(instance.chunks, candidates, strict=True):
        count = 0
        # What users tell of themselves is most worth remembering.
        for fact, sentence in sorted(facts, key=lambda one: (one[1].register != "user", -one[0].score)):
            answer = fold_case(fact.text)
            if count < max_per_chunk and answer_counts[answer] < MAX_SAME_ANSWER:
                answer_counts[answer] += 1
                count += 1
                lead = make_lead(chunk, sentence, fact)
                yield make_question(instance.source, chunk, sentence, fact, lead, spell)


def make_question(
    source: str,
    chunk: Chunk,
    sentence: Sentence,
    fact: Fact,
    lead: str,
    spell: Callable[[str], list[str]] = lambda text: [text],
) -> Question:
    """Make the cloze question of a fact. `lead`: its first line; `spell`: the ways to write an answer."""
    segment = sentence.segment
    blanked = sentence.text[: fact.start] + BLANK + sentence.text[fact.end :]
    text = cloze_question(lead, blanked)
    span = segment.source_span
    return Question(
        id=short_id(source, text, fact.text, segment.id),
        text=text,
        answers=spell(fact.text),
        metric="contains",
        origin="cloze",
        kind=fact.kind,
        time=None,
        evidence=[segment.id],
        evidence_chunks=[chunk.index],
        source_span=Span(span.file, span.record, span.start + sentence.start, span.start + sentence.end),
    )


def make_lead(chunk: Chunk, sentence: Sentence, fact: Fact) -> str:
    """Return the first line of a question: who wrote it in which dialogue, or when and where it was read.

    Of an assistant's sentence, also what the user had asked, unless that gives the answer away.
    """
    segment = sentence.segment
    if sentence.is_spoken:
        time = displayed_time(chunk, segment)
        when = f" in the dialogue at {time}" if time else ""
        request = _find_request(chunk, segment) if sentence.register == "assistant" else None
        reply = f' in reply to "{request}"' if request and not occurs_in(fact.text, request) else "?"
        return f"What is missing in this sentence, which {segment.speaker} wrote{when}{reply}"
    date = displayed_date(chunk)
    when = f" on {date}" if date else ""
    return f"What is missing in this sentence, which the user read{when} in {document_and_section(segment)}?"


def _find_request(chunk: Chunk, segment: SegmentSpan) -> str | None:
    """Return the last question in the user's message before an assistant's; None where it has none."""
    before = chunk.segments[: chunk.segments.index(segment)]
    if not before or find_register(before[-1]) != "user":
        return None
    found = _REQUEST.findall(segment_text(chunk, before[-1]))
    return found[-1].strip() if found else None
