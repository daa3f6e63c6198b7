"""Validate values of a file: an error names the key, the value found and the expected one."""

from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pipeline.core.errors import MemcurateError
from pipeline.core.params.formats import FORMAT_NAMES
from pipeline.core.params.renamed import find_new_key, find_new_value
from pipeline.core.strict_model import M
from pipeline.core.yaml_reader import format_key, truncate

MAX_ERROR_LINES = 20  # wrong keys in a message
MAX_ERROR_LINE_CHARS = 1_000
MAX_SHOWN_CHARS = 100  # of a value in a message


def validate_params(model: type[M], values: object, path: Path = Path("params.yaml")) -> M:
    """Return the values of a file as a model. Raises MemcurateError with one line per wrong key."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        lines = [_format_error(details)[:MAX_ERROR_LINE_CHARS] for details in error.errors()]
        if len(lines) > MAX_ERROR_LINES:
            lines[MAX_ERROR_LINES:] = [f"  … and {len(lines) - MAX_ERROR_LINES} more wrong keys"]
        raise MemcurateError(f"{path}:\n" + "\n".join(lines)) from None


def _format_error(error: ErrorDetails) -> str:
    """Describe a wrong key in one line: the key, the problem and the value found."""
    path = [part for part in error["loc"] if part != "[key]"]
    if path[:1] == ["sources"] and path[2:3] == ["chunking"]:
        del path[3:4]  # pydantic puts the strategy there
    if path[:1] == ["sources"] and path[2:3] == ["format"]:
        del path[2 if len(path) > 4 else 3 : 4]  # a format's columns stand beside it
    key = format_key(tuple(path))
    got = truncate(repr(error["input"]), MAX_SHOWN_CHARS)
    match error["type"]:
        case "extra_forbidden":
            block, name = format_key(tuple(path[:-1])), str(path[-1])
            new = find_new_key(block, name)
            return f"  {key}: " + (
                f"is named {new} now" if new else "no such key exists (check its spelling)"
            )
        case "missing" | "model_type" if path[:1] == ["sources"] and path[2:] == ["format"]:
            found = "missing" if error["type"] == "missing" else f"should be the name of a format; got {got}"
            return f"  {key}: {found}. Write {', '.join(FORMAT_NAMES)}, or MODULE:CLASS (docs/own-data.md)"
        case "missing" if path[:1] == ["sources"] and path[2:3] == ["chunking"] and len(path) > 3:
            return f"  {key}: missing. A format has defaults for one strategy: write all keys of another"
        case "missing":
            return f"  {key}: missing"
        case "union_tag_not_found":
            old = isinstance(error["input"], dict) and "recipe" in error["input"]
            return f"  {key}.recipe: is named strategy now" if old else f"  {key}.strategy: missing"
        case "union_tag_invalid":
            expected, tag = error["ctx"]["expected_tags"], error["ctx"]["tag"]
            return f"  {key}.strategy: takes {expected}; got {tag[:MAX_SHOWN_CHARS]!r}{_name_new_value(tag)}"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"  {key}: should be a block of keys; got {got}"
        case "too_short":
            return f"  {key}: should hold at least {error['ctx']['min_length']}; got {got}"
        case "string_pattern_mismatch" if path[-1] == "language":
            return f"  {key}: takes an ISO 639 code of two or three lower-case letters, such as de; got {got}"
        case "string_pattern_mismatch":
            return f"  {key}: takes lower-case letters, digits and _; got {got}"
        case "value_error":
            message = error["msg"].removeprefix("Value error, ")
            return f"  {key}: {message}" if key else f"  {message}"
    hint = _name_new_value(error["input"])
    return f"  {key}: {error['msg'].replace('Input should', 'should')}; got {got}{hint}"


def _name_new_value(value: object) -> str:
    new = find_new_value(value) if isinstance(value, str) else None
    return f", which is named {new} now" if new else ""
