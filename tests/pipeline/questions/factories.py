"""Make instances, questions and analyzed sentences for tests."""

from collections.abc import Iterator, Sequence

from pipeline.core.params import QuestionParams
from pipeline.core.schema import (
    Chunk,
    Instance,
    InstanceQuestion,
    Label,
    ModelCall,
    Question,
    Reject,
    SegmentSpan,
    Span,
)
from pipeline.llm.client import LLMClient
from pipeline.questions.generated.model_generated import run_model_steps
from pipeline.questions.rules.facts import score_words
from pipeline.questions.rules.sentences import AnalyzedSentence, Sentence, find_sentences
from pipeline.text.casing import WordStatistics
from pipeline.text.keywords import SentenceTagger, extract_keywords
from pipeline.text.sentences import SentenceSplitter


def make_instance(
    name: str,
    *chunks: dict[str, str],
    labels: Sequence[str] = (),
    shown: dict[str, str] | None = None,
    document: str = "train",
    index: int = 0,
    opening: str = "Opening.",
) -> Instance:
    """Make an instance of chunks, each a dict from segment id to text; `shown`: labels by segment id.

    `opening`: the first line of every chunk.
    """
    made_chunks = []
    for number, segments in enumerate(chunks):
        text, spans = f"{opening}\n", []
        for segment_id, segment_text in segments.items():
            raw = Span("f.json", f"/{segment_id}", 0, len(segment_text))
            label = (shown or {}).get(segment_id)
            start, end = len(text), len(text) + len(segment_text)
            spans.append(SegmentSpan(segment_id, raw, document, None, None, None, label, start, end))
            text += segment_text + "\n"
        made_chunks.append(Chunk(f"{name}/{number}", number, text, 1, "2024-01-01 00:00", spans))
    numbered_labels = [Label(number, label) for number, label in enumerate(labels)]
    return Instance(
        name, "made", "train", document, index, len(made_chunks), made_chunks, [], numbered_labels
    )


def make_question(
    identity: str = "made/q",
    text: str = "Where does the owl live?",
    answers: Sequence[str] = ("a barn",),
    evidence: Sequence[str] = ("made/s",),
    evidence_chunks: Sequence[int] = (0,),
    metric: str = "contains",
) -> Question:
    assert metric in ("contains", "exact", "judge")
    raw = Span("f.json", f"/{identity}", 0, len(text))
    return Question(
        identity,
        text,
        list(answers),
        metric,  # type: ignore[arg-type]  # any string, so that tests can write it plainly
        "source",
        None,
        None,
        list(evidence),
        list(evidence_chunks),
        raw,
    )


def make_statistics(names: str, nouns: str = "", also: str = "") -> WordStatistics:
    """Count the words of a corpus: each name thrice with a capital, each noun twice after an article."""
    lines = [f"we saw {name}, {name}, {name}." for name in names.split()]
    lines += [f"it is the {noun}, a {noun}." for noun in nouns.split()]
    statistics = WordStatistics()
    statistics.add_instances([[*lines, also]])
    return statistics


def make_analyzed_sentence(
    text: str, statistics: WordStatistics, speaker: str | None = None
) -> AnalyzedSentence:
    """Analyze a sentence: of a conversation where there is a speaker, else of a book."""
    raw = Span("f.json", "/0", 0, len(text))
    segment = SegmentSpan("made/s", raw, "book", None, speaker, None, None, 0, len(text))
    words = SentenceTagger(statistics).tag(text)
    return AnalyzedSentence(Sentence(segment, 0, len(text), text), words, extract_keywords(words))


def make_document_instance(
    *chunks: dict[str, str], speaker: str | None = None, section: str | None = None
) -> Instance:
    """Make an instance whose segments a speaker said at noon, or that are in a section of a book."""
    opening = "[Dialogue at timestamp 2024-01-01 12:00]" if speaker else "Opening."
    instance = make_instance("made/i", *chunks, document="book", opening=opening)
    for chunk in instance.chunks:
        for segment in chunk.segments:
            segment.speaker, segment.section = speaker, section
            segment.time = "2024-01-01 12:00" if speaker else None
    return instance


def run_model_steps_once(
    questions: Sequence[InstanceQuestion], instances: Sequence[Instance], config: QuestionParams, source: str
) -> tuple[list[InstanceQuestion], list[Reject], list[ModelCall]]:
    """Run the steps that ask a model, with a client of their own; return also its model calls."""
    client = LLMClient()
    rows, rejects = run_model_steps(questions, instances, config, source, client)
    return rows, rejects, client.model_calls


def extract_sentences(chunk: Chunk, splitter: SentenceSplitter) -> Iterator[Sentence]:
    """Make the sentences that `find_sentences` finds."""
    return (Sentence(*fields) for fields, _ in find_sentences(chunk, splitter))


def score_sentence(sentence: Sentence) -> int:
    """Score a sentence by its words."""
    return score_words(sentence.text, sentence.text.split(" "), sentence.register)
