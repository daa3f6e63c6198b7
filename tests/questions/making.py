"""Instances and questions that tests make up."""

from collections.abc import Sequence

from pipeline.questions.sentences import Read, Sentence
from pipeline.schema import Chunk, Instance, Label, PlacedSegment, Question, Span
from pipeline.text.keywords import keywords, tagged
from pipeline.text.usage import Usage


def make_instance(
    name: str,
    *chunks: dict[str, str],
    labels: Sequence[str] = (),
    shown: dict[str, str] | None = None,
    document: str = "train",
    ordinal: int = 0,
) -> Instance:
    """An instance of chunks, each a dict from segment id to text; `shown` gives segments their labels."""
    made = []
    for number, segments in enumerate(chunks):
        text, placed = "Opening.\n", []
        for identity, inner in segments.items():
            raw = Span("f.json", f"/{identity}", 0, len(inner))
            label = (shown or {}).get(identity)
            start, end = len(text), len(text) + len(inner)
            placed.append(PlacedSegment(identity, raw, document, None, None, None, label, start, end))
            text += inner + "\n"
        made.append(Chunk(f"{name}/{number}", number, text, 1, "2024-01-01 00:00", placed))
    numbers = [Label(number, label) for number, label in enumerate(labels)]
    return Instance(name, "made", "train", document, ordinal, len(made), made, [], numbers)


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
        "carried",
        None,
        None,
        list(evidence),
        list(evidence_chunks),
        raw,
    )


def make_usage(names: str, nouns: str = "", also: str = "") -> Usage:
    """Of a corpus that writes each name thrice with a capital and each noun twice after an article."""
    lines = [f"we saw {name}, {name}, {name}." for name in names.split()]
    lines += [f"it is the {noun}, a {noun}." for noun in nouns.split()]
    usage = Usage()
    usage.read([*lines, also])
    return usage


def make_read(text: str, usage: Usage, speaker: str | None = None) -> Read:
    """A sentence looked at word by word: said where there is a speaker, else read in a book."""
    raw = Span("f.json", "/0", 0, len(text))
    segment = PlacedSegment("made/s", raw, "book", None, speaker, None, None, 0, len(text))
    words = tagged(text, usage)
    return Read(Sentence(segment, 0, len(text), text), words, keywords(words))


def make_told(*chunks: dict[str, str], speaker: str | None = None, section: str | None = None) -> Instance:
    """An instance whose segments were said by somebody at noon, or stand in a section of a book."""
    instance = make_instance("made/i", *chunks, document="book")
    for chunk in instance.chunks:
        for segment in chunk.segments:
            segment.speaker, segment.section = speaker, section
            segment.time = "2024-01-01 12:00" if speaker else None
    return instance
