"""People of a world: the user and others, with full names; some share a first name."""

from pipeline.core import seeded_random
from pipeline.world.attributes import load_values

USER = "User"


def draw_people(number: int, num_namesakes: int, seed: int, world: str) -> list[str]:
    """Return the user and `number` others, by full name; the first `num_namesakes` pairs share a first name.

    No two share a last name. Raises ValueError where there are not enough names.
    """
    all_first_names = (*load_values("women"), *load_values("men"))
    first_names = seeded_random.shuffled(all_first_names, str, seed, world, "first name")
    last_names = seeded_random.shuffled(load_values("last_names"), str, seed, world, "last name")
    num_first_names = number - num_namesakes
    if num_first_names < num_namesakes or number > len(last_names) or num_first_names > len(first_names):
        raise ValueError(f"no {number} people with {num_namesakes} namesakes")
    firsts = [*first_names[:num_first_names], *first_names[:num_namesakes]]
    return [USER, *(f"{first} {last}" for first, last in zip(firsts, last_names, strict=False))]
