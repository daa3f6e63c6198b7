"""A lenient JSON reader for the replies of models: find values in a text, repair and parse them.

Besides JSON it accepts Python's quotes, words and escapes, unquoted keys, trailing commas, line comments,
line ends in strings, and the arguments of a call in parentheses. It repairs token by token, so nothing inside
a string changes, except half of a surrogate pair, which UTF-8 cannot encode.

Nothing raises, and the time is linear in the length of the text.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipeline.core.json_reader import InvalidJsonError, load_json_at
from pipeline.core.unicode import to_well_formed_value

CUT_OFF = "cut off before its end"

# A quote inside a word is an apostrophe: it opens no string, and closes none that single quotes opened.
_STRING = r"""
    \"{3} [^"\\]*+ (?: (?: \\. | "(?!"") ) [^"\\]*+ )* \"{3}
  | (?<!\w)'{3} [^'\\]*+ (?: (?: \\. | '(?!'') ) [^'\\]*+ )* '{3}
  | " [^"\\]*+ (?: \\. [^"\\]*+ )* "
  | (?<!\w)' [^'\\]*+ (?: (?: \\. | (?<=\w)'(?=\w) ) [^'\\]*+ )* (?: (?<!\w)' | '(?!\w) )
"""
_COMMENT = r"(?<=[\s,{}\[\]]) (?: // | \# ) [^\n]*+"
_STRUCTURE = re.compile(
    rf"(?P<string>{_STRING}) | (?P<comment>{_COMMENT}) | (?P<bracket>[{{}}\[\]()])"
    r"""| (?P<cut> " | (?<!\w)' | <[/|｜A-Za-z] )""",  # a string without its end, or a tag: no value goes on
    re.DOTALL | re.VERBOSE,
)
_REPAIRABLE = re.compile(
    rf"(?P<string>{_STRING}) | (?P<comment>{_COMMENT})"
    rf"| (?P<comma>,) (?= \s*+ (?: {_COMMENT} \s*+ )* [}}\])] )"
    r"| (?P<key>[A-Za-z_$][\w$-]*+) \s*+ (?: : | =(?!=) )"
    r"| (?P<word>[A-Za-z_$][\w$-]*+)",
    re.DOTALL | re.VERBOSE,
)
_ESCAPE = re.compile(
    r"\\(?: u[0-9a-fA-F]{4} | x[0-9a-fA-F]{2} | U00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4} | . ) | \"",
    re.DOTALL | re.VERBOSE,
)
_LITERAL_WORDS = {"true": "true", "false": "false", "null": "null", "none": "null"}
_CLOSING = {"{": "}", "[": "]", "(": ")"}
# After an invalid value reading resumes at a tag outside whole strings, or at an object that begins a line.
_RESUME = re.compile(
    r"</?(?:\w++:)?(?:think|tool_calls?|tool_use|function_calls?|function|invoke)\b"
    r"|<[|｜]|\[/?TOOL_CALLS\]|^\{(?=\s*+[\"'])",
    re.MULTILINE,
)
# Braces of other text, such as {x}, do not match.
_OBJECT_START = re.compile(r"\{(?=\s*+(?:[\"'}]|[A-Za-z_$][\w$-]*+\s*+:|<[/|｜A-Za-z]|\Z))")
_LIST_START = re.compile(r"\[")
_FENCE_END = re.compile(r"```\s*+\Z")
_LOOKAROUND = 40  # characters around a string in which its neighbours are looked for
_REREAD_FACTOR = 1  # characters that may be read twice, as a multiple of the text's length


@dataclass(frozen=True, slots=True)
class JsonMatch:
    """A value in a text, or an invalid one that begins like a value."""

    start: int
    end: int  # one past the value; where reading resumes after an invalid one
    value: Any
    error: str | None  # why it is invalid; None for a valid value


class NearJsonReader:
    """A reader of the values in one text, wherever they begin."""

    def __init__(self, text: str) -> None:
        """Read from `text`; `read_at` may be called for any offsets in it."""
        self._text = text
        self._reread_budget = _REREAD_FACTOR * len(text)

    def read_at(self, start: int) -> JsonMatch:
        """Read the object, list, string or arguments in parentheses that begin at offset `start`."""
        limit = len(self._text) if self._reread_budget > 0 else self.find_resume(start, len(self._text))
        end, closed = self._find_end(start, limit)
        try:
            if not closed:
                raise InvalidJsonError(CUT_OFF)
            return JsonMatch(start, end, _parse_literal(self._text[start:end]), None)
        except InvalidJsonError as error:
            resume = self.find_resume(start, end)
            self._reread_budget -= end - resume
            return JsonMatch(start, resume, None, str(error))

    def _find_end(self, start: int, limit: int) -> tuple[int, bool]:
        """Return where the value at `start` ends, and whether its own bracket or quote closes it."""
        opening, depth = self._text[start], 0
        closing = _CLOSING.get(opening)
        for token in _STRUCTURE.finditer(self._text, start, limit):
            if closing is None:
                return token.end(), token.lastgroup == "string"
            if token.lastgroup == "cut":
                # An unclosed string continues to the end.
                return (limit if token.group() in "\"'" else token.start()), False
            if token.group() == opening:
                depth += 1
            elif token.group() == closing:
                depth -= 1
                if depth == 0:
                    return token.end(), True
        return limit, False

    def find_resume(self, start: int, end: int) -> int:
        """Return where reading resumes after an invalid value at `start`: before `end`, or at it."""
        offset = start + 1
        for token in _STRUCTURE.finditer(self._text, start, end):
            if token.lastgroup == "string":
                if not self._is_complete_string(token):
                    break
                if resume := _RESUME.search(self._text, offset, token.start()):
                    return resume.start()
                offset = token.end()
        resume = _RESUME.search(self._text, offset, end)
        return resume.start() if resume else end

    def _is_complete_string(self, string: re.Match[str]) -> bool:
        """Return whether a string ends where it seems to, by the characters before, in and after it."""
        before = self._text[max(0, string.start() - _LOOKAROUND) : string.start()].rstrip()[-1:]
        after = self._text[string.end() : string.end() + _LOOKAROUND].lstrip()[:1]
        if "\n" in string.group():
            return False
        return after == ":" if before == "{" else before in tuple("[(,:=") and after in ("", *",:}])<`")


def find_objects(text: str) -> Iterator[JsonMatch]:
    """Iterate over the JSON objects in a text, valid or not, from left to right; nested ones are skipped."""
    return _find_values(_OBJECT_START, text)


def find_lists(text: str) -> Iterator[JsonMatch]:
    """Iterate over the JSON lists in a text, valid or not, from left to right; nested ones are skipped."""
    return _find_values(_LIST_START, text)


def _find_values(pattern: re.Pattern[str], text: str) -> Iterator[JsonMatch]:
    reader, offset = NearJsonReader(text), 0
    while match := pattern.search(text, offset):
        value = reader.read_at(match.start())
        yield value
        offset = value.end


def object_spans(text: str) -> Iterator[tuple[int, int]]:
    """Iterate over the spans of the objects in a text; a tag inside one of their strings is content."""
    return ((found.start, found.end) for found in find_objects(text))


def close_brackets(text: str) -> str:
    """Close the open brackets of a text that ends inside an object; the end of a code fence is removed.

    A text that ends inside a string is returned without its fence and otherwise unchanged.
    """
    text = _FENCE_END.sub("", text)
    open_: list[str] = []
    for token in _STRUCTURE.finditer(text):
        if token.lastgroup == "cut":
            return text
        if token.lastgroup == "bracket" and token.group() in _CLOSING:
            open_.append(_CLOSING[token.group()])
        elif token.lastgroup == "bracket" and open_ and open_[-1] == token.group():
            open_.pop()
    return text + "".join(reversed(open_))


def _parse_literal(literal: str) -> Any:
    """Parse a whole literal, repaired only if it must be. Raises InvalidJsonError."""
    try:
        return _parse_whole(literal)
    except InvalidJsonError:
        return _parse_whole(_repair(literal))


def _parse_whole(text: str) -> Any:
    value, end = load_json_at(text, 0, lenient=True)
    if end < len(text):
        raise InvalidJsonError(f"there is more after its end at column {end + 1}")
    return to_well_formed_value(value)


def _repair(literal: str) -> str:
    """Rewrite a bracketed value as JSON; keyword arguments in parentheses become an object."""
    repaired = _REPAIRABLE.sub(_repair_token, literal)
    return f"{{{repaired[1:-1]}}}" if literal[0] == "(" else repaired


def _repair_token(match: re.Match[str]) -> str:
    kind, text = match.lastgroup, match.group()
    if kind == "string":
        return _convert_string(text)
    if kind == "key":
        return f'"{match["key"]}":'
    if kind == "word":
        return _LITERAL_WORDS.get(text.lower(), text)
    return " "  # a comment, or a trailing comma


def _convert_string(literal: str) -> str:
    """Rewrite a string with JSON's quotes and escapes."""
    width = 3 if len(literal) >= 6 and literal[:3] in ('"""', "'''") else 1
    body = literal[width:-width]
    if literal[0] == '"' and width == 1 and "\\" not in body:
        return literal
    return f'"{_ESCAPE.sub(_convert_escape, body)}"'


def _convert_escape(match: re.Match[str]) -> str:
    """Rewrite an escape for JSON; a backslash that does not begin an escape is content."""
    text = match.group()
    if text == '"':
        return '\\"'
    if len(text) > 2:
        return text if text[1] == "u" else json.dumps(chr(int(text[2:], 16)))[1:-1]
    if text == "\\'":
        return "'"
    return text if text[1] in '"\\/bfnrt' else f"\\\\{text[1]}"
