"""Questions do not give their answers away: neither by their words nor by the place of an option."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from math import log

import pytest

from pipeline.core.params import WorldParams
from pipeline.world.queries import Query, list_queries
from pipeline.world.timeline import draw_world
from pipeline.world.wording import Wording, WordingSplit

_MAX_LEAD = 0.02  # of a classifier over chance
_NUM_PER_ABILITY = 12  # of a world
_NUM_WORLDS = 150

Group = tuple[str, ...]  # what is asked for: the form, and the attribute whose values are the answers


def iter_asked(split: WordingSplit) -> Iterator[tuple[Group, list[str], Query]]:
    """Yield queries of random worlds: their group, and the words of the question without names of people."""
    for number in range(_NUM_WORLDS):
        world = draw_world(f"{split} {number}", WorldParams(), 3)
        wording = Wording(split, 3, world.name)
        names = {part for person in world.people for part in person.split()}
        for queries in list_queries(world, len(world.events) - 1, 3).values():
            for query in queries[:_NUM_PER_ABILITY]:
                attribute = query.path[-1] if query.path else query.keys[0].attribute
                group = (query.form, "" if query.options else attribute)
                words = [word for word in wording.ask(query).split() if word.strip("?',.s:") not in names]
                yield group, words, query


def choose(words: list[str], priors: Counter[str], counts: dict[str, Counter[str]], size: int) -> str:
    """Return the likeliest label by naive Bayes with add-one smoothing."""

    def score(label: str) -> float:
        total = counts[label].total() + size
        return log(priors[label]) + sum(log((counts[label][word] + 1) / total) for word in words)

    return max(sorted(priors), key=score)


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_words_of_a_question_do_not_tell_its_answer(split: WordingSplit) -> None:
    asked: dict[Group, list[tuple[list[str], str]]] = defaultdict(list)
    for group, words, query in iter_asked(split):
        if not query.options or query.form == "days":
            asked[group].append((words, query.answer or "(not told)"))
    right = by_chance = total = 0
    for examples in asked.values():
        half = len(examples) // 2
        learnt, held_out = examples[:half], examples[half:]
        priors = Counter(answer for _, answer in learnt)
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for words, answer in learnt:
            counts[answer].update(words)
        size = len({word for words, _ in learnt for word in words})
        if not priors:
            continue
        majority = max(sorted(priors), key=priors.__getitem__)
        for words, answer in held_out:
            right += choose(words, priors, counts, size) == answer
            by_chance += majority == answer
            total += 1
    assert total > 4_000
    assert right / total <= by_chance / total + _MAX_LEAD


@pytest.mark.parametrize("form", ["first", "choice"])
def test_the_place_of_an_option_does_not_tell_whether_it_is_right(form: str) -> None:
    places: Counter[int] = Counter()
    chance = 0.0
    for _, _, query in iter_asked("train"):
        if query.form == form:
            places[query.options.index(query.answer)] += 1
            chance += 1 / len(query.options)
    assert places.total() > 400
    assert max(places.values()) / places.total() <= chance / places.total() + 2 * _MAX_LEAD
