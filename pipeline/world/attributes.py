"""Attributes of the people of a world, and the values that they can have."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pipeline.core.yaml_reader import read_yaml

Duration = Literal["lasting", "changing", "relation"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """A kind of fact about a person: a lasting or a changing value, or a relation to another person."""

    name: str
    duration: Duration
    values: Sequence[str] = ()  # of a relation, the first names of who can be it; empty: anybody
    digits: int = 0  # of a number or code whose digits are drawn
    may_be_several: bool = False  # who tells of another value by implication may have both
    is_mutual: bool = False  # of a relation: who has it to another, the other has it to them


def load_values(name: str) -> tuple[str, ...]:
    """Return a list of values.yaml by its name."""
    return _load_lists()[name]


@cache
def _load_lists() -> dict[str, tuple[str, ...]]:
    lists = read_yaml(Path(__file__).with_name("values.yaml"))
    return {name: tuple(values) for name, values in lists.items()}


_CITIES = load_values("cities")
_RENTS = tuple(f"{amount} euros" for amount in range(480, 1980, 25))
_WORKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
_APPOINTMENTS = tuple(f"{day} at {hour}:00" for day in _WORKDAYS for hour in range(10, 18))

ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute("birthplace", "lasting", _CITIES),
    Attribute("first language", "lasting", load_values("languages")),
    Attribute("childhood instrument", "lasting", load_values("instruments")),
    Attribute("allergy", "lasting", load_values("allergies")),
    Attribute("city", "changing", _CITIES),
    Attribute("employer", "changing", load_values("employers")),
    Attribute("job", "changing", load_values("jobs")),
    Attribute("phone number", "changing", digits=7, may_be_several=True),
    Attribute("car", "changing", load_values("cars"), may_be_several=True),
    Attribute("pet", "changing", load_values("pets"), may_be_several=True),
    Attribute("diet", "changing", load_values("diets")),
    Attribute("gym", "changing", load_values("gyms"), may_be_several=True),
    Attribute("landlord", "changing", load_values("landlords")),
    Attribute("rent", "changing", _RENTS),
    Attribute("project state", "changing", load_values("project_states")),
    Attribute("dentist appointment", "changing", _APPOINTMENTS),
    Attribute("door code", "changing", digits=4),
    Attribute("favourite drink", "changing", load_values("drinks")),
    Attribute("partner", "relation", is_mutual=True),
    Attribute("sister", "relation", load_values("women"), is_mutual=True),
    Attribute("manager", "relation"),
    Attribute("flatmate", "relation", is_mutual=True),
)
BY_NAME = {attribute.name: attribute for attribute in ATTRIBUTES}
