"""Make the cloze questions of an instance in another language than English."""

from collections.abc import Iterator
from functools import partial

from pipeline.core.dates import displayed_date, displayed_time
from pipeline.core.schema import Chunk, Instance, Question
from pipeline.questions.rules.cloze import choose_clozes
from pipeline.questions.rules.facts import Fact
from pipeline.questions.rules.languages.facts import FactFinder
from pipeline.questions.rules.languages.sentences import extract_language_sentences
from pipeline.questions.rules.sentences import Sentence
from pipeline.text.languages.language import Language
from pipeline.text.normalize import drop_unneeded_spaces
from pipeline.text.segment_names import document_and_section
from pipeline.text.sentences import SentenceSplitter


def make_language_clozes(
    instance: Instance, language: Language, splitter: SentenceSplitter, max_per_chunk: int
) -> Iterator[Question]:
    """Make up to `max_per_chunk` cloze questions of each chunk, worded in the language of the instance."""
    finder = FactFinder(language, [chunk.text for chunk in instance.chunks])
    make_lead = partial(_make_lead, language)

    def find_facts(chunk: Chunk) -> list[tuple[Fact, Sentence]]:
        sentences = extract_language_sentences(chunk, splitter, language)
        found = ((finder.find_best_fact(one, make_lead(chunk, one)), one) for one in sentences)
        return [(fact, sentence) for fact, sentence in found if fact is not None]

    facts = map(find_facts, instance.chunks)
    return choose_clozes(
        instance, facts, lambda chunk, sentence, _: make_lead(chunk, sentence), max_per_chunk, _spell
    )


def _spell(answer: str) -> list[str]:
    """Return an answer as written; and without spaces beside letters of a script that needs none."""
    return list(dict.fromkeys([answer, drop_unneeded_spaces(answer)]))


def _make_lead(language: Language, chunk: Chunk, sentence: Sentence) -> str:
    """Return the first line of a question: who wrote the sentence where, or when and where it was read."""
    segment = sentence.segment
    if sentence.is_spoken:
        time = displayed_time(chunk, segment)
        when = language.spoken_when.format(time=time) if time else ""
        return language.spoken_lead.format(speaker=segment.speaker, when=when)
    date = displayed_date(chunk)
    when = language.read_when.format(date=date) if date else ""
    return language.read_lead.format(where=document_and_section(segment), when=when)
