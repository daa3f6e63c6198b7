"""Simulated worlds: people whose facts change, told in dated group chats with an assistant.

`pipeline/world` writes `worlds.jsonl`; the other raw files hold the filler, in a format of their own.
A document is a world, and a section the chats of a day. A unit is a statement with the assistant's reply, or
the user's wish for something to read with a passage of the filler. Each passage is read out once, so that no
two worlds share text. The evidence of a question is the statements that it rests on.
"""

from collections.abc import Iterator
from typing import Self

from pydantic import Field, model_validator

from pipeline.core.errors import MemcurateError
from pipeline.core.ids import short_id
from pipeline.core.params.formats import SimulatedWorldFormat
from pipeline.core.params.world import WORLDS_FILE
from pipeline.core.schema import Fact, FactEnd, Metric, Question, Reject, Segment, Span, Split
from pipeline.sources.document_builder import DocumentBuilder
from pipeline.sources.io import RawRecord, json_pointer, read_data_file, validate_records
from pipeline.sources.parsed import Book, Document, Moment, make_source_question
from pipeline.sources.record_reader import NonBlank
from pipeline.sources.shards import RawShard

_ASSISTANT = "Assistant"


class Turn(RawRecord):
    """A turn of a chat."""

    speaker: NonBlank
    text: NonBlank
    event: int | None = None
    filler: bool = False


class Session(RawRecord):
    """The chats of a day."""

    time: str
    turns: list[Turn]


class ToldFact(RawRecord):
    """A value, and the events between which it holds."""

    subject: str
    attribute: str
    value: str
    event: int
    end: FactEnd | None
    end_event: int | None


class RawQuestion(RawRecord):
    """A question, with the numbers of events that it rests on, follows and precedes."""

    ability: str
    text: NonBlank
    answers: list[str]
    metric: Metric
    wrong_answers: list[str]
    evidence: list[int]
    time: str
    after: int | None
    before: int | None


class RawWorld(RawRecord):
    """A world: its chats, facts and questions."""

    name: NonBlank
    split: Split
    sessions: list[Session] = Field(min_length=1)
    facts: list[ToldFact]
    questions: list[RawQuestion]

    @model_validator(mode="after")
    def _check_events(self) -> Self:
        turns = [turn for session in self.sessions for turn in session.turns if not turn.filler]
        named = {event for fact in self.facts for event in (fact.event, fact.end_event)}
        for question in self.questions:
            named |= {*question.evidence, question.after, question.before}
        missing = named - {turn.event for turn in turns} - {None}
        if missing:
            raise ValueError(f"no turn tells event {min(missing, key=str)}, which a fact or question names")
        return self


class SimulatedWorld:
    """Reader of simulated worlds and their filler."""

    reads_whole = True  # the filler is dealt out to all worlds

    def __init__(self, columns: SimulatedWorldFormat) -> None:
        """`columns`: the format of the filler."""
        self._filler = columns.filler

    def iter_documents(self, shard: RawShard, source: str, rejects: list[Reject]) -> Iterator[Document]:
        """Yield a document per world. Malformed worlds are rejects.

        Raises MemcurateError where the worlds or the filler are missing, or where the filler is too short.
        """
        worlds = [part for part in shard.parts if part.path == WORLDS_FILE]
        others = RawShard(shard.raw_dir, tuple(part for part in shard.parts if part.path != WORLDS_FILE))
        if not worlds:
            raise MemcurateError(
                f"{shard.raw_dir} has no {WORLDS_FILE}: give sources.{source} a block `simulate`, and run "
                f"`dvc repro fetch@{source}`"
            )
        passages = self._iter_passages(others, source, rejects)
        rows = read_data_file(shard.raw_dir / WORLDS_FILE)
        for key, world in validate_records(RawWorld, rows, WORLDS_FILE, source, rejects):
            yield _WorldReader(world, key, source, passages).read()

    def _iter_passages(self, shard: RawShard, source: str, rejects: list[Reject]) -> Iterator[list[Segment]]:
        """Yield the passages of the filler; none without filler."""
        from pipeline.sources.readers import SourceReader  # it finds this module by its name

        if self._filler is None:
            return
        number = 0
        for document in SourceReader(source, self._filler).read_shard(shard, rejects):
            if isinstance(document, Book):
                continue
            for section in document.sections:
                number += 1
                yield [segment for unit in section.units for segment in unit]
        raise MemcurateError(
            f"sources.{source}: the worlds ask for more than the {number:,} passages of the filler: lower "
            "`filler`, `train` or `test` of its block `simulate`, or add files"
        )


class _WorldReader:
    """Reads a world into a document."""

    def __init__(
        self, world: RawWorld, key: str | int, source: str, passages: Iterator[list[Segment]]
    ) -> None:
        self._world = world
        self._key = key
        self._source = source
        self._passages = passages
        self._builder = DocumentBuilder(source, WORLDS_FILE, world.name)
        self._statements: dict[int, Segment] = {}  # by the number of their event

    def read(self) -> Document:
        for number, session in enumerate(self._world.sessions):
            self._add_session(number, session)
        document = self._builder.build()
        document.split = self._world.split
        document.facts = [self._make_fact(fact) for fact in self._world.facts]
        for index, raw in enumerate(self._world.questions):
            question = self._make_question(raw, index)
            document.questions.append(question)
            if raw.after is not None:
                before = None if raw.before is None else self._statements[raw.before].id
                document.moments[question.id] = Moment(self._statements[raw.after].id, before)
        return document

    def _add_session(self, number: int, session: Session) -> None:
        section = f"chat {number + 1}"
        for index, turn in enumerate(session.turns):
            if turn.filler:
                passage = next(self._passages, None)
                if passage is None:
                    continue
            segment = self._builder.add(
                turn.text,
                record=json_pointer(self._key, "sessions", number, "turns", index, "text"),
                section=section,
                speaker=turn.speaker,
                time=session.time,
                follows=turn.speaker == _ASSISTANT,
            )
            assert segment is not None  # a turn is not blank
            if turn.event is not None:
                self._statements[turn.event] = segment
            if turn.filler:
                assert passage is not None
                self._builder.add_copies(passage, _ASSISTANT, session.time)

    def _make_fact(self, told: ToldFact) -> Fact:
        """Return a fact; the chunks are not known before chunking."""
        end = None if told.end_event is None else self._statements[told.end_event].id
        return Fact(
            subject=told.subject,
            attribute=told.attribute,
            value=told.value,
            segment=self._statements[told.event].id,
            chunk=-1,
            end=told.end,
            end_segment=end,
        )

    def _make_question(self, raw: RawQuestion, index: int) -> Question:
        evidence = [self._statements[number].id for number in raw.evidence]
        record = json_pointer(self._key, "questions", index, "text")
        question = make_source_question(
            short_id(self._source, self._world.name, raw.text, *raw.answers, *evidence, str(raw.after)),
            raw.text,
            raw.answers,
            Span(WORLDS_FILE, record, 0, len(raw.text)),
            metric=raw.metric,
            kind=raw.ability,
            time=raw.time,
            evidence=evidence,
        )
        question.wrong_answers = raw.wrong_answers
        return question
