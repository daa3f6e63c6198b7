"""Near-duplicates that tests plant: texts with so many of their words changed, left out or put in."""

from collections.abc import Sequence

from pipeline import draws

_SEED = 20


def edited(text: str, percent: int, vocabulary: Sequence[str], *names: object) -> str:
    """The text with `percent` of its words edited, half up; `names` say whose edits are drawn."""
    words = text.split()
    count = (percent * len(words) + 50) // 100
    for place in sorted(draws.shuffled(range(len(words)), int, _SEED, *names)[:count], reverse=True):
        new = vocabulary[draws.integer(0, len(vocabulary) - 1, _SEED, *names, place, "word")]
        match draws.integer(0, 2, _SEED, *names, place, "kind"):
            case 0:
                words[place] = new
            case 1:
                words.insert(place, new)
            case 2:
                del words[place]
    return " ".join(words)
