"""Which checks were in force for a source's questions: those that its params do not switch off."""

from collections.abc import Iterator

from pipeline.checks import CHECKS
from pipeline.params import Checks

# The params key of a check, where it has one; the others are always in force.
_KEYS = {
    "answer_in_question": "drop_answer_in_question",
    "answer_length": "max_answer_tokens",
    "keywords_grounded": "min_keywords",
    "language": "language",
    "summary_agrees": "min_agreement",
    "yes_no": "drop_yes_no",
}
_LATER = ("closed_book", "open_book")


def in_force(params: Checks) -> Iterator[str]:
    """The names of the checks that a kept question passed, in their order, with what params set."""
    for check in CHECKS:
        yield from _named(check.__module__.rpartition(".")[2], params)
    yield "repeated question"
    for name in _LATER:
        if getattr(params, name) is not None:
            yield name.replace("_", " ")


def _named(name: str, params: Checks) -> Iterator[str]:
    shown, key = name.replace("_", " "), _KEYS.get(name)
    value = getattr(params, key) if key else True
    if value is True:
        yield shown
    elif value is not None and value is not False:
        yield f"{shown} ({key} {value})"
