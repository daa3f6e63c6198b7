"""Read JSON values, and nearly JSON, out of what a model wrote: where each ends, and what it says.

Beside JSON, these are read: Python's quotes, words and escapes, unquoted keys, trailing commas, line
comments, line ends in strings, and the arguments of a call in parentheses. Mending goes by tokens, so that
nothing inside a string is changed, except half of a surrogate pair, which UTF-8 does not hold.

Nothing raises, and the time grows with the length of the text.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipeline.text.json_values import InvalidJsonError, load_json_at
from pipeline.text.well_formed import well_formed_value

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
_MENDED = re.compile(
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
_WORDS = {"true": "true", "false": "false", "null": "null", "none": "null"}
_CLOSING = {"{": "}", "[": "]", "(": ")"}
# Where reading goes on after what cannot be read: at a tag that stands in no whole string, or at an object
# that begins a line.
_RESUME = re.compile(
    r"</?(?:\w++:)?(?:think|tool_calls?|tool_use|function_calls?|function|invoke)\b"
    r"|<[|｜]|\[/?TOOL_CALLS\]|^\{(?=\s*+[\"'])",
    re.MULTILINE,
)
# Braces of a text that is not JSON are passed over.
_OBJECT = re.compile(r"\{(?=\s*+(?:[\"'}]|[A-Za-z_$][\w$-]*+\s*+:|<[/|｜A-Za-z]|\Z))")
_LIST = re.compile(r"\[")
_FENCE_END = re.compile(r"```\s*+\Z")
_NEAR = 40  # characters of white space that are looked past
_REREAD = 1  # times the text's length, at most, that is looked at again


@dataclass(frozen=True, slots=True)
class Found:
    """A value in a text, or what begins like one and cannot be read."""

    start: int
    end: int  # one past it; of what cannot be read, where reading goes on
    value: Any
    problem: str | None  # why it cannot be read; None where it can


class Values:
    """Reads values of one text, wherever they begin."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._left = _REREAD * len(text)

    def at(self, start: int) -> Found:
        """Read the object, list, string, or arguments in parentheses, that begins at `start`."""
        limit = len(self._text) if self._left > 0 else self.resume(start, len(self._text))
        end, closed = self._extent(start, limit)
        try:
            if not closed:
                raise InvalidJsonError(CUT_OFF)
            return Found(start, end, _value(self._text[start:end]), None)
        except InvalidJsonError as error:
            resume = self.resume(start, end)
            self._left -= end - resume
            return Found(start, resume, None, str(error))

    def _extent(self, start: int, limit: int) -> tuple[int, bool]:
        """(where the value at `start` ends or is cut off, whether its own bracket or quote closes it)."""
        opening, depth = self._text[start], 0
        closing = _CLOSING.get(opening)
        for token in _STRUCTURE.finditer(self._text, start, limit):
            if closing is None:
                return token.end(), token.lastgroup == "string"
            if token.lastgroup == "cut":
                # Without the quote that would close it a string goes on to the end.
                return (limit if token.group() in "\"'" else token.start()), False
            if token.group() == opening:
                depth += 1
            elif token.group() == closing:
                depth -= 1
                if depth == 0:
                    return token.end(), True
        return limit, False

    def resume(self, start: int, end: int) -> int:
        """Where reading goes on after what began at `start` and cannot be read, at `end` at the latest."""
        place = start + 1
        for token in _STRUCTURE.finditer(self._text, start, end):
            if token.lastgroup == "string":
                if not self._is_whole(token):
                    break
                if mark := _RESUME.search(self._text, place, token.start()):
                    return mark.start()
                place = token.end()
        mark = _RESUME.search(self._text, place, end)
        return mark.start() if mark else end

    def _is_whole(self, string: re.Match[str]) -> bool:
        """Whether a string ends where it seems to, by what stands before, in and after it."""
        before = self._text[max(0, string.start() - _NEAR) : string.start()].rstrip()[-1:]
        after = self._text[string.end() : string.end() + _NEAR].lstrip()[:1]
        if "\n" in string.group():
            return False
        return after == ":" if before == "{" else before in tuple("[(,:=") and after in ("", *",:}])<`")


def objects(text: str) -> Iterator[Found]:
    """Everything in a text that begins like a JSON object, from left to right; none stands in another."""
    return _beginning(_OBJECT, text)


def lists(text: str) -> Iterator[Found]:
    """Everything in a text that begins like a JSON list, likewise."""
    return _beginning(_LIST, text)


def _beginning(pattern: re.Pattern[str], text: str) -> Iterator[Found]:
    values, place = Values(text), 0
    while match := pattern.search(text, place):
        found = values.at(match.start())
        yield found
        place = found.end


def object_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the objects of a text stand: what their strings name is content."""
    return ((found.start, found.end) for found in objects(text))


def completed(text: str) -> str:
    """Return a text that ends inside an object with the brackets that it lacks, a code fence's end left out.

    Returned as it is where it ends in a string.
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


def _value(literal: str) -> Any:
    """The value of a whole literal, mended only if it must be. Raises InvalidJsonError."""
    try:
        return _whole(literal)
    except InvalidJsonError:
        return _whole(_mended(literal))


def _whole(text: str) -> Any:
    value, end = load_json_at(text, 0, lenient=True)
    if end < len(text):
        raise InvalidJsonError(f"there is more after its end at column {end + 1}")
    return well_formed_value(value)


def _mended(literal: str) -> str:
    """A bracketed value as JSON; parentheses hold keywords, as an object does."""
    mended = _MENDED.sub(_token, literal)
    return f"{{{mended[1:-1]}}}" if literal[0] == "(" else mended


def _token(match: re.Match[str]) -> str:
    kind, text = match.lastgroup, match.group()
    if kind == "string":
        return _string(text)
    if kind == "key":
        return f'"{match["key"]}":'
    if kind == "word":
        return _WORDS.get(text.lower(), text)
    return " "  # a comment, or a trailing comma


def _string(literal: str) -> str:
    """A string in JSON's quotes and escapes."""
    width = 3 if len(literal) >= 6 and literal[:3] in ('"""', "'''") else 1
    body = literal[width:-width]
    if literal[0] == '"' and width == 1 and "\\" not in body:
        return literal
    return f'"{_ESCAPE.sub(_escape, body)}"'


def _escape(match: re.Match[str]) -> str:
    """An escape as JSON has it; a backslash before anything else stands for itself."""
    text = match.group()
    if text == '"':
        return '\\"'
    if len(text) > 2:
        return text if text[1] == "u" else json.dumps(chr(int(text[2:], 16)))[1:-1]
    if text == "\\'":
        return "'"
    return text if text[1] in '"\\/bfnrt' else f"\\\\{text[1]}"
