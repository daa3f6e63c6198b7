"""What became of a call, in words that are the same for all alike, to be counted."""

import re

from training.schema import CallMade

_NAMED = re.compile(r"""'.*'|".*"|\b[se]\d+\b""")  # what is told of one call only


def fate(call: CallMade) -> str:
    """`valid`, or why it was not applied or is not valid, without what is the call's own."""
    if call.applied:
        return "valid" if call.valid else call.note.split("; ")[-1]
    return _NAMED.sub("…", call.note)
