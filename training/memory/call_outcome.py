"""Name the outcome of a call in words that equal outcomes share, so that outcomes can be counted."""

import re

from training.memory.schema import ToolCallRecord

_CALL_SPECIFIC = re.compile(r"""'.*'|".*"|\b[se]\d+\b""")  # quotations and entry ids differ by call


def call_outcome(call: ToolCallRecord) -> str:
    """Return `valid`, or why a call was not applied or is not valid, without quotations and entry ids."""
    if call.applied:
        return "valid" if call.valid else call.note.split("; ")[-1]
    return _CALL_SPECIFIC.sub("…", call.note)
