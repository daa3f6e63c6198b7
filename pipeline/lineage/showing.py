"""What is in the dataset, for the terminal: its text, what it belongs to, the way back to the raw files."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from textwrap import indent, shorten

from pipeline.lineage.checked import in_force
from pipeline.lineage.finding import Found
from pipeline.lineage.marking import marked, spans
from pipeline.lineage.places import written
from pipeline.params import Checks
from pipeline.schema import Chunk, Instance, Label, PlacedSegment, Question, Reject, Segment, Span
from pipeline.text.visible import visible

_WIDTH = 110

ReadRaw = Callable[[Span], str]  # the characters of a span; a note in its place where they are not there


class Showing:
    """See above. `mark`: what stands before and after an answer in its evidence."""

    def __init__(self, raw: ReadRaw, checks: Checks, mark: tuple[str, str]) -> None:
        self._raw = raw
        self._checks = checks
        self._mark = mark

    def found(self, found: Found, identity: str) -> str:
        """What an id names."""
        return _joined(self._found(found, identity))

    def _found(self, found: Found, identity: str) -> Iterator[str]:
        instance = found.instance
        match found.kind:
            case "instance":
                yield from _instance(instance)
                return
            case "question":
                question = next(one for one in instance.questions if one.id == identity)
                yield from self._question(question, instance, found.room != "chunks")
            case "chunk":
                chunk = next(one for one in instance.chunks if one.id == identity)
                yield from self._chunk(chunk, instance)
            case "segment":
                for chunk in instance.chunks:
                    for segment in chunk.segments:
                        if segment.id == identity:
                            yield f"segment {identity}, in chunk {chunk.id}"
                            yield from self._segment(segment, chunk, [])
        yield ""
        yield f"in instance {_where(instance)}"
        if found.others:
            yield f"and in {len(found.others)} more: {', '.join(found.others)}"

    def _question(self, question: Question, instance: Instance, checked: bool) -> Iterator[str]:
        kind = f", {question.kind}" if question.kind else ""
        yield f"question {question.id}: {question.origin}{kind}, measured by {question.metric}"
        yield indent(visible(question.text), "  ")
        yield f"answers   {_answers(question, instance.labels)}"
        if question.time:
            yield f"asked at  {question.time}"
        if checked:
            yield f"passed    {', '.join(in_force(self._checks))}"
        if question.raw is not None:
            yield from self._original("read", question.raw)
        wanted = [
            *question.answers,
            *(label.name for label in instance.labels if str(label.number) in question.answers),
        ]
        for chunk in instance.chunks:
            for segment in chunk.segments:
                if segment.id in question.evidence:
                    yield ""
                    yield f"evidence  chunk {chunk.ordinal} {chunk.id}, segment {segment.id}"
                    yield from self._segment(segment, chunk, wanted)

    def _chunk(self, chunk: Chunk, instance: Instance) -> Iterator[str]:
        yield f"chunk {chunk.id}: number {chunk.ordinal}, {chunk.time}, {chunk.tokens:,} tokens"
        yield indent(visible(chunk.text), "  ")
        yield ""
        for segment in chunk.segments:
            yield f"segment {segment.id}  {written(segment.raw)}"
        asked = [one for one in instance.questions if chunk.ordinal in one.evidence_chunks]
        for question in asked:
            yield f"question {question.id}  {_short(question.text)}"

    def _segment(self, segment: PlacedSegment, chunk: Chunk, answers: list[str]) -> Iterator[str]:
        text = chunk.text[segment.start : segment.end]
        yield _Visible(indent(marked(text, spans(text, answers), *self._mark, visible), "  "))
        facts = (segment.document, segment.section, segment.speaker, segment.time, segment.label)
        yield f"of        {' · '.join(fact for fact in facts if fact)}"
        yield from self._original("raw", segment.raw)

    def _original(self, name: str, span: Span) -> Iterator[str]:
        yield f"{name:<10}{written(span)}"
        if span.end > span.start:
            yield from (f"  | {line}" for line in visible(self._raw(span)).split("\n"))

    def loose(self, one: Segment | Question) -> str:
        """A labelled example that no instance shows, or a question of the source that nobody asks yet."""
        return _joined(self._example(one) if isinstance(one, Segment) else self._waiting(one))

    def _example(self, example: Segment) -> Iterator[str]:
        yield f"segment {example.id}: a labelled example that no instance shows"
        yield indent(visible(example.text), "  ")
        yield f"of        {' · '.join(fact for fact in (example.document, example.label) if fact)}"
        yield from self._original("raw", example.raw)

    def _waiting(self, question: Question) -> Iterator[str]:
        yield f"question {question.id}: of the source; the stage `question` did not run yet"
        yield indent(visible(question.text), "  ")
        yield f"answers   {_answers(question, ())}"
        if question.raw is not None:
            yield from self._original("read", question.raw)

    def reject(self, reject: Reject, found: Found | None = None) -> str:
        """Something rejected, and why; `found`: it as an earlier stage left it, so that its text is known."""
        lines = [*self._reject(reject, found is None)]
        if found is not None:
            lines += ["", *self._found(found, reject.id)]
        return _joined(lines)

    def _reject(self, reject: Reject, whole: bool) -> Iterator[str]:
        yield f"{reject.kind} {reject.id}: rejected by {reject.stage}: {reject.reason}"
        if reject.detail:
            yield f"  {reject.detail}"
        if reject.document:
            yield f"of        {reject.document}"
        if whole and reject.question is not None:
            yield indent(visible(reject.question.text), "  ")
            yield f"answers   {_answers(reject.question, ())}"
        if whole and reject.raw is not None:
            yield from self._original("raw", reject.raw)
        for segment in reject.segments:
            yield from self._original("segment", segment.raw)


class _Visible(str):
    """A line in which hidden characters are visible already: what else it holds are the marks."""


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(line if isinstance(line, _Visible) else visible(line) for line in lines)


def _instance(instance: Instance) -> Iterator[str]:
    yield f"instance {_where(instance)}: {instance.tokens:,} tokens"
    for label in instance.labels:
        yield f"label {label.number} = {label.name}"
    for chunk in instance.chunks:
        yield f"chunk {chunk.ordinal} {chunk.id}  {chunk.time}, {chunk.tokens:,} tokens: {_short(chunk.text)}"
    for question in instance.questions:
        answers = _short(_answers(question, instance.labels))
        yield f"question {question.id}  {_short(question.text)} → {answers}"


def _answers(question: Question, labels: Sequence[Label]) -> str:
    """The gold answers; the number of a label with the label's name."""
    names = {str(label.number): label.name for label in labels} if question.origin == "held-out" else {}
    named = (f"{answer} ({names[answer]})" if answer in names else answer for answer in question.answers)
    return "; ".join(named)


def _where(instance: Instance) -> str:
    return f"{instance.id} ({instance.split}; number {instance.ordinal} of {instance.document})"


def _short(text: str) -> str:
    return shorten(text, _WIDTH, placeholder=" …")
