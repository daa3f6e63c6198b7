"""The sentences of worlds: every event and query has words that hold its value, and those of test are new."""

import re
from collections.abc import Iterator
from string import Formatter

import pytest

from pipeline.core.params import WorldParams
from pipeline.world.attributes import ATTRIBUTES, BY_NAME
from pipeline.world.queries import list_queries
from pipeline.world.timeline import draw_world
from pipeline.world.wording import Wording, load_wording

_MIN_STATEMENTS = 12
_MAX_SHARED = 0.6  # of the runs of three words of a template


def iter_templates(split: str) -> Iterator[tuple[str, str]]:
    """Yield (path, template) of all templates of a split."""

    def walk(path: str, block: object) -> Iterator[tuple[str, str]]:
        if isinstance(block, dict):
            for name, inner in block.items():
                if name not in ("train", "test") or name == split:
                    yield from walk(f"{path}.{name}", inner)
        elif isinstance(block, list):
            yield from ((path, template) for template in block)

    yield from walk("", load_wording())


def list_runs(template: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[\w'{}]+", template.lower())
    return set(zip(words, words[1:], words[2:], strict=False))


def test_no_template_of_test_is_like_one_of_train() -> None:
    templates = {template for _, template in iter_templates("train")}
    train = list(map(list_runs, templates))
    for path, template in iter_templates("test"):
        runs = list_runs(template)
        shared = max(len(runs & others) / max(len(runs), 1) for others in train)
        assert template not in templates and shared < _MAX_SHARED, (path, template)


@pytest.mark.parametrize("attribute", BY_NAME)
def test_each_kind_of_statement_has_many_templates_with_the_value_once(attribute: str) -> None:
    block = load_wording()["attributes"][attribute]
    kinds = ["state", "implied", *(["change", "plan"] if BY_NAME[attribute].duration == "changing" else [])]
    for kind in kinds:
        templates = [*block[kind]["train"], *block[kind]["test"]]
        fields = [[name for _, name, _, _ in Formatter().parse(one) if name] for one in templates]
        assert all(names.count("value") == 1 for names in fields), (attribute, kind)
        assert all(set(names) <= {"value", "previous"} for names in fields), (attribute, kind)
        assert kind != "state" or len(templates) >= _MIN_STATEMENTS
    assert len(load_wording()["attributes"]) == len(ATTRIBUTES)


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_event_and_query_of_a_world_has_words(split: str) -> None:
    for number in range(6):
        world = draw_world(f"w{number}", WorldParams(), 20)
        wording = Wording(split, 20, world.name)  # type: ignore[arg-type]  # a parameter of the test
        for event in world.events:
            told = wording.tell(event)
            assert event.kind == "forget" or event.value in told
            assert "{" not in told and "None" not in told and wording.reply(event)
            assert event.kind != "report" or event.key.person in told
        for queries in list_queries(world, len(world.events) - 1, 20).values():
            for query in queries:
                asked = wording.ask(query)
                assert "{" not in asked and "None" not in asked
                assert all(option in asked for option in query.options)
                if not query.options and query.form == "value":
                    assert query.answer == "" or query.answer not in asked
