"""The tool calls that a server parsed, as text."""

import json
from collections.abc import Mapping
from typing import Any


def format_tool_calls(message: Mapping[str, Any]) -> list[str]:
    """Format native tool calls as text, as a model without them writes them; the call parser checks them."""
    calls = message.get("tool_calls") or message.get("function_call") or []
    calls = calls if isinstance(calls, list) else [calls]
    texts = []
    for call in calls:
        function = call.get("function", call) if isinstance(call, dict) else call
        if isinstance(function, dict) and "name" in function:
            function = {"name": function["name"], "arguments": function.get("arguments")}
        texts.append(f"<tool_call>{json.dumps(function)}</tool_call>")
    return texts


def reply_text(message: Mapping[str, Any]) -> str:
    """Return the text of an assistant message of a chat completion, with its tool calls as text.

    `message` has the keys of the server's JSON; thoughts that the server took out are not part of the text.
    """
    content, calls = message.get("content"), format_tool_calls(message)
    return "\n".join([*([content] if content else []), *calls])
