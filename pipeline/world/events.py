"""Events of a world, and the facts that hold after them.

A person's own word counts: what another says of them changes nothing that holds. So every question has one
right answer, also where two speakers contradict each other.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from pipeline.core.schema import FactEnd

EventKind = Literal["state", "restate", "change", "correct", "plan", "cancel", "report", "forget"]


_ENDS: dict[EventKind, FactEnd] = {"change": "superseded", "correct": "corrected", "forget": "forgotten"}


class FactKey(NamedTuple):
    """An attribute of a person: at any time it has one value or none."""

    person: str
    attribute: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that is told: a value of a person's attribute, or that it is not to be kept."""

    number: int  # position in the world, from 0
    time: str  # YYYY-MM-DD HH:MM
    kind: EventKind
    key: FactKey
    value: str  # of a plan the value that may come, of `cancel` that of its plan, of `forget` the last one
    previous: str | None  # the value that a change, correction or plan would end
    speaker: str  # the person, or another one for `report`
    is_implied: bool = False  # told by implication, which leaves open since when it is so


@dataclass(frozen=True, slots=True)
class Period:
    """A value of a fact from the time of an event until the next; the time is that of its first statement."""

    value: str
    start: str
    event: int  # the number of the event that tells the value


@dataclass(slots=True)
class FactHistory:
    """The values that a fact has had, after some events."""

    periods: list[Period] = field(default_factory=list)  # in order; the last one holds
    mistaken: list[str] = field(default_factory=list)  # values that were corrected
    forgotten: list[str] = field(default_factory=list)  # values that are not to be kept
    planned: list[str] = field(default_factory=list)  # values that were to come and have not
    reported: dict[str, tuple[str, int]] = field(default_factory=dict)  # by speaker: value and event
    forget_event: int | None = None  # the number of the event that asks to forget it

    @property
    def holding(self) -> Period | None:
        """The value that holds; None where it was never told, or is to be forgotten."""
        return self.periods[-1] if self.periods else None

    @property
    def superseded(self) -> list[str]:
        """The values that were told and do not hold, nor are to be forgotten."""
        return [period.value for period in self.periods[:-1]] + self.mistaken + self.planned

    def value_at(self, time: str) -> Period | None:
        """Return the period that a time is in; None before the first."""
        return next((period for period in reversed(self.periods) if period.start <= time), None)

    def apply(self, event: Event) -> None:
        """Add an event of this fact."""
        if event.kind in ("state", "change"):
            self.periods.append(Period(event.value, event.time, event.number))
            self.planned = [value for value in self.planned if value != event.value]
        elif event.kind == "plan":
            self.planned.append(event.value)
        elif event.kind == "correct":
            corrected = self.periods.pop()
            self.mistaken.append(corrected.value)
            self.periods.append(Period(event.value, corrected.start, event.number))
        elif event.kind == "report":
            self.reported[event.speaker] = (event.value, event.number)
        elif event.kind == "forget":
            self.forgotten = [period.value for period in self.periods] + self.mistaken + self.planned
            self.periods, self.mistaken, self.planned = [], [], []
            self.forget_event = event.number


@dataclass(slots=True)
class HeldValue:
    """A value of a fact, from the event that tells it to the one after which it holds no longer."""

    key: FactKey
    value: str
    event: int  # number of the event that tells it
    end: FactEnd | None = None  # None: it holds after the last event
    end_event: int | None = None


def list_held_values(events: Iterable[Event]) -> list[HeldValue]:
    """Return the values that are told as true, in order, and how long each of them holds."""
    values: list[HeldValue] = []
    holding: dict[FactKey, HeldValue] = {}
    for event in events:
        end = _ENDS.get(event.kind)
        if end is not None:
            held = holding.pop(event.key)
            held.end, held.end_event = end, event.number
        if event.kind in ("state", "change", "correct"):
            holding[event.key] = HeldValue(event.key, event.value, event.number)
            values.append(holding[event.key])
    return values


def fold_events(events: Iterable[Event]) -> dict[FactKey, FactHistory]:
    """Return the history of each fact after the events: the gold memory."""
    histories: dict[FactKey, FactHistory] = {}
    for event in events:
        histories.setdefault(event.key, FactHistory()).apply(event)
    return histories
