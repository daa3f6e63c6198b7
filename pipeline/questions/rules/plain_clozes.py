"""More cloze questions for an instance that has few: of the plain facts of people's messages."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from pipeline.core.dates import displayed_time
from pipeline.core.question_templates import cloze_messages_lead
from pipeline.core.schema import Chunk, Instance, Question, segment_text
from pipeline.questions.rules.chat_context import read_messages_before
from pipeline.questions.rules.cloze import MAX_SAME_ANSWER, make_lead, make_question
from pipeline.questions.rules.plain_facts import MIN_CHARS, ChatWords, PlainFact, find_plain_fact
from pipeline.questions.rules.sentences import Sentence, find_register, find_sentences
from pipeline.text.casing import WordStatistics
from pipeline.text.keywords import SentenceTagger
from pipeline.text.normalize import fold_case
from pipeline.text.sentences import SentenceSplitter


def make_plain_clozes(
    instance: Instance,
    clozes: Sequence[Question],
    word_counts: Mapping[str, int],
    tagger: SentenceTagger,
    splitter: SentenceSplitter,
    min_per_chunk: int,
) -> Iterator[Question]:
    """Make cloze questions of plain facts until each chunk has `min_per_chunk`, the highest scores first.

    Args:
        instance: The instance that is asked about.
        clozes: Its other cloze questions; no sentence of theirs is asked about again.
        word_counts: The words of the instance, case-folded, with how often each occurs.
        tagger: Knows the words of the whole source.
        splitter: Splits text into sentences.
        min_per_chunk: How many cloze questions a chunk shall have, the others included; fewer where its text
            gives no more.
    """
    per_chunk = Counter(number for one in clozes for number in one.evidence_chunks)
    if all(per_chunk[chunk.index] >= min_per_chunk for chunk in instance.chunks):
        return
    answers = Counter(fold_case(answer) for one in clozes for answer in one.answers)
    asked = {_locate(one) for one in clozes}
    found = _find_facts(instance, tagger, splitter, _read_words(instance, word_counts))
    for chunk, plain, sentence in sorted(found, key=lambda one: -one[1].fact.score):
        fact = plain.fact
        lead = _make_lead(chunk, sentence, plain)
        question = make_question(instance.source, chunk, sentence, fact, lead)
        answer = fold_case(fact.text)
        if per_chunk[chunk.index] >= min_per_chunk or answers[answer] >= MAX_SAME_ANSWER:
            continue
        if _locate(question) in asked:
            continue
        yield question
        per_chunk[chunk.index] += 1
        answers[answer] += 1


def _make_lead(chunk: Chunk, sentence: Sentence, plain: PlainFact) -> str:
    """Return the first line of a question, and the messages before the sentence, where they are needed."""
    if not plain.context:
        return make_lead(chunk, sentence, plain.fact)
    time = displayed_time(chunk, sentence.segment)
    when = f" in the dialogue at {time}" if time else ""
    messages = [f"{one.speaker}: {one.text}" for one in plain.context]
    return cloze_messages_lead(f"which {sentence.segment.speaker} wrote{when}", messages)


def _locate(cloze: Question) -> tuple[str, int]:
    """Return the segment of the sentence that is asked about, and where it begins in the raw file."""
    assert cloze.source_span is not None
    return cloze.evidence[0], cloze.source_span.start


def _read_words(instance: Instance, word_counts: Mapping[str, int]) -> ChatWords:
    statistics = WordStatistics()
    segments = [(chunk, segment) for chunk in instance.chunks for segment in chunk.segments]
    statistics.add_instances([[segment_text(chunk, segment) for chunk, segment in segments]])
    speakers = {word for _, segment in segments for word in fold_case(segment.speaker or "").split()}
    return ChatWords(word_counts, statistics, speakers)


def _find_facts(
    instance: Instance, tagger: SentenceTagger, splitter: SentenceSplitter, words: ChatWords
) -> Iterator[tuple[Chunk, PlainFact, Sentence]]:
    for chunk in instance.chunks:
        for fields, _ in find_sentences(chunk, splitter, MIN_CHARS):
            if find_register(fields[0]) != "conversation":
                continue
            sentence = Sentence(*fields)
            before = read_messages_before(chunk, sentence)
            plain = find_plain_fact(sentence.text, tagger, words, before, str(sentence.segment.speaker))
            if plain is not None:
                yield chunk, plain, sentence
