"""Make instances of simulated worlds: dated chunks, questions by ability, and the facts told in them."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from pipeline.core.schema import FactEnd
from pipeline.world.events import Event, FactKey
from pipeline.world.queries import Query, list_queries
from pipeline.world.timeline import World, WorldParams, draw_world
from pipeline.world.wording import Wording, WordingSplit
from tests.training.factories import count_words
from training.memory.schema import EpisodeChunk, EpisodeFact, EpisodeInput, EpisodeQuestion, SegmentTime

_SEED = 11
_NUMBER_FORMS = ("days", "people", "values")
DEFAULT_WORLD = WorldParams()


def make_world_instance(
    name: str,
    params: WorldParams = DEFAULT_WORLD,
    days_per_chunk: int = 5,
    per_ability: int = 6,
    filler: Sequence[str] = (),
    split: WordingSplit = "test",
) -> EpisodeInput:
    """Make the instance of a world; half of its questions are asked after the middle chunk.

    A chunk holds some days with events, each with a text of `filler` after it, told by the assistant.
    """
    world = draw_world(name, params, _SEED)
    wording = Wording(split, _SEED, name)
    by_day = [list(group) for _, group in groupby(world.events, key=lambda event: event.time)]
    groups = [by_day[start : start + days_per_chunk] for start in range(0, len(by_day), days_per_chunk)]
    chunk_by_event = {
        event.number: index for index, days in enumerate(groups) for day in days for event in day
    }
    texts = ["\n".join(_tell_days(days, wording, filler)) for days in groups]
    chunks = [
        EpisodeChunk(text, count_words(text), days[0][0].time, [SegmentTime(days[0][0].time)])
        for text, days in zip(texts, groups, strict=True)
    ]
    middle = len(groups) // 2
    last_by_chunk = {chunk_by_event[event.number]: event.number for event in world.events}
    questions = [
        _make_question(query, wording, chunk_by_event, after, f"{name}/{number}")
        for after, event in ((middle, last_by_chunk[middle]), (None, world.events[-1].number))
        for number, query in enumerate(_take_queries(world, event, per_ability))
    ]
    tokens = sum(chunk.tokens for chunk in chunks)
    facts = list_facts(world.events, chunk_by_event)
    return EpisodeInput(f"world/{name}", "world", "test", tokens, chunks, questions, facts)


def _tell_days(days: Sequence[Sequence[Event]], wording: Wording, filler: Sequence[str]) -> Iterator[str]:
    for day in days:
        yield f"[Dialogue at timestamp {day[0].time}]"
        for event in day:
            yield f"<{event.speaker}> {wording.tell(event)}"
            yield f"<Assistant> {wording.reply(event)}"
        if filler:
            yield f"<Assistant> {filler[day[0].number % len(filler)]}"


def _take_queries(world: World, event: int, per_ability: int) -> Iterator[Query]:
    for queries in list_queries(world, event, _SEED).values():
        yield from queries[:per_ability]


def _make_question(
    query: Query, wording: Wording, chunk_by_event: dict[int, int], after: int | None, name: str
) -> EpisodeQuestion:
    metric = "number" if query.form in _NUMBER_FORMS else "contains"
    return EpisodeQuestion(
        id=f"{name}/{after}",
        text=wording.ask(query),
        answers=[query.answer] if query.answer else [],
        metric=metric if query.answer else "abstain",  # type: ignore[arg-type]  # literals in both branches
        evidence_chunks=sorted({chunk_by_event[event] for event in query.evidence}),
        kind=query.ability,
        wrong_answers=[value for value in query.wrong if value != query.answer],
        after_chunk=after,
    )


def list_facts(events: Sequence[Event], chunk_by_event: dict[int, int]) -> list[EpisodeFact]:
    """Return the values that people tell of themselves, with the chunk after which each holds no longer."""
    facts: list[EpisodeFact] = []
    holding: dict[FactKey, EpisodeFact] = {}
    ends: dict[str, FactEnd] = {"change": "superseded", "correct": "corrected", "forget": "forgotten"}
    for event in events:
        chunk = chunk_by_event[event.number]
        if event.kind in ends and event.key in holding:
            fact = holding.pop(event.key)
            fact.end, fact.end_chunk = ends[event.kind], chunk
        if event.kind in ("state", "change", "correct"):
            fact = EpisodeFact(event.key.person, event.key.attribute, event.value, chunk)
            holding[event.key] = fact
            facts.append(fact)
    return facts
