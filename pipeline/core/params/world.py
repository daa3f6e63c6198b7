"""Block `sources.NAME.simulate`: worlds of simulated people, which are told in chats."""

from typing import Annotated

from pydantic import Field

from pipeline.core.strict_model import MAX_COUNT, Count, Percent, PositiveCount, StrictModel

WORLDS_FILE = "worlds.jsonl"  # in data/raw/<source>


class WorldParams(StrictModel):
    """The size and difficulty of a world, how it is told, and how much is asked about it."""

    people: Annotated[int, Field(ge=2, le=MAX_COUNT)] = Field(8, description="people beside the user")
    namesakes: Count = Field(1, description="pairs of people with one first name")
    facts: PositiveCount = Field(48, description="facts, each an attribute of a person")
    days: PositiveCount = Field(240, description="days that are told of")
    max_changes: Count = Field(3, description="changes of a fact at most")
    corrected: Percent = Field(20, description="percent of the facts whose first value is corrected")
    restated: Percent = Field(30, description="percent of the facts that are told twice")
    planned: Percent = Field(
        30, description="percent of the changes that are planned first; every second plan is cancelled"
    )
    reported: Percent = Field(
        20, description="percent of the facts of others of which someone else says another value"
    )
    forgotten: Percent = Field(10, description="percent of the facts that are not to be kept in the end")
    implied: Percent = Field(20, description="percent of the values that are told by implication")
    filler: Count = Field(
        60, description="passages of the filler per 100 events: the distance between what is told"
    )
    questions: PositiveCount = Field(60, description="questions")
    asked_earlier: Percent = Field(
        25, description="percent of the questions that are asked on the way, before their answer may change"
    )


class Simulation(WorldParams):
    """Simulated worlds: people whose facts change, told in group chats with an assistant."""

    seed: int = Field(20, description="seed of all draws of the worlds")
    train: Count = Field(120, description="worlds of train")
    test: Count = Field(36, description="worlds of test, in other words than those of train")
