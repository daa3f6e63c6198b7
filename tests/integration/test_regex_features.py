"""Patterns match the same in every Python that runs them."""

# How `re` itself reads a pattern: it has no public name, and no types.
import re._constants as codes  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterator
from typing import Any

from pipeline.text.normalize import _word_pattern
from tests.integration.test_regex_linear_time import patterns


def possessive_groups(tree: Any) -> Iterator[Any]:
    """Groups that are repeated without going back, and atomic ones."""
    if isinstance(tree, parser.SubPattern):
        for kind, value in tree.data:
            if kind is codes.ATOMIC_GROUP or (
                kind is codes.POSSESSIVE_REPEAT and not one_character(value[2])
            ):
                yield value
            yield from possessive_groups(value)
    elif isinstance(tree, list | tuple):
        for part in tree:
            yield from possessive_groups(part)


def one_character(tree: Any) -> bool:
    return len(tree) == 1 and tree[0][0] in (codes.IN, codes.LITERAL, codes.NOT_LITERAL, codes.ANY)


def test_no_group_is_possessive() -> None:
    """Python before 3.11.5, such as Debian 12's, goes on at a wrong place where one of its parts fails."""
    found = list(possessive_groups(parser.parse(r"(?:a|bc)*+ (?>a|b) x++ [xy]*+")))
    assert len(found) == 2
    everywhere = [*patterns(), ("pipeline.text.normalize", _word_pattern())]
    assert len(everywhere) > 100
    assert {
        (name, pattern.pattern)
        for name, pattern in everywhere
        if any(possessive_groups(parser.parse(pattern.pattern, pattern.flags)))
    } == set()
