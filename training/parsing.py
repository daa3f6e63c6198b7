"""Tool calls out of what a model wrote: `<tool_call>{"name": …, "arguments": {…}}</tool_call>`, and like it.

Models write several calls in one tag, code fences, text around the calls, Python's quotes, trailing commas,
arguments as a string or not wrapped at all, and other dialects (`training/dialects.py`); replies are cut off.
What can be read is a call; what was meant as one and cannot be read is a failure with its reason. Text that
never was a call is passed over.

Nothing raises, and the time grows with the length of the text.
"""

from pipeline.text.thinking import without_thinking
from pipeline.text.well_formed import to_well_formed
from training.dialects import call_spans, parts
from training.tools import Call, Unread

__all__ = ["Call", "Unread", "parse"]

_LONGEST = 200_000  # characters that are looked at
_MOST_CALLS = 2_000


def parse(reply: str) -> list[Call | Unread]:
    """The calls of a reply, in order, and what was meant as one and could not be read."""
    text = without_thinking(reply[:_LONGEST], call_spans)
    found: list[Call | Unread] = []
    opened: int | None = None  # where a mark that says "call" ends
    before = 0  # found before it
    for part in parts(text):
        if part.mark is None:
            marked = opened is not None or part.meant
            found += [one for one in part.found if marked or isinstance(one, Call)]
        else:
            between = "" if opened is None else text[opened : part.start].strip()
            if opened is not None and len(found) == before and (between or part.mark == "closes"):
                found.append(_none(between))
            opened, before = (part.end, len(found)) if part.mark == "opens" else (None, 0)
        if len(found) > _MOST_CALLS:
            return [*found[:_MOST_CALLS], Unread("there are too many calls", text[part.start :][:80])]
    if opened is not None and len(found) == before:
        found.append(_none(text[opened:]))
    if len(reply) > _LONGEST:
        found.append(Unread("the reply is too long", to_well_formed(reply[_LONGEST : _LONGEST + 80])))
    return found


def _none(text: str) -> Unread:
    return Unread("there is no JSON object", text.strip()[:80])
