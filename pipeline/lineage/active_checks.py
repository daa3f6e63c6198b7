"""List the checks that a source's questions passed: all that its params do not switch off."""

from collections.abc import Iterator

from pipeline.checks import CHECKS
from pipeline.core.params import CheckParams

# A check without a params key is always active.
_PARAM_BY_CHECK = {
    "answer_in_question": "drop_answer_in_question",
    "answer_length": "max_answer_tokens",
    "keywords_grounded": "min_keywords",
    "language": "language",
    "summary_agrees": "min_summary_overlap",
    "yes_no": "drop_yes_no",
}
_MODEL_CHECKS = ("closed_book", "open_book")


def iter_active_checks(params: CheckParams) -> Iterator[str]:
    """Iterate over the checks that a kept question passed: their names, in order, with params' values."""
    for check in CHECKS:
        yield from _describe_check(check.__module__.rpartition(".")[2], params)
    yield "repeated question"
    for name in _MODEL_CHECKS:
        if getattr(params, name) is not None:
            yield name.replace("_", " ")


def _describe_check(name: str, params: CheckParams) -> Iterator[str]:
    label, key = name.replace("_", " "), _PARAM_BY_CHECK.get(name)
    value = getattr(params, key) if key else True
    if value is True:
        yield label
    elif value is not None and value is not False:
        yield f"{label} ({key} {value})"
