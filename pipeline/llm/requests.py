"""Requests to a model: everything that shapes the response, and nothing else."""

import json
from dataclasses import dataclass, field, fields
from functools import cached_property
from hashlib import sha256
from typing import Any

from pipeline.core.unicode import to_well_formed_value

Message = dict[str, str]  # role and content


@dataclass(frozen=True)
class Request:
    """A request for one chat completion; its texts are made well-formed, as servers refuse surrogates."""

    model: str
    revision: str  # set by the user: servers change a model under its name
    messages: list[Message]  # the system prompt included
    temperature: float | None  # None: the server's default
    max_tokens: int  # of the completion
    sample: int = 0  # index of the sample of the same prompt; sent as the seed
    schema: dict[str, Any] | None = None  # JSON schema of the reply
    tools: list[dict[str, Any]] | None = None  # tools that the model may call
    options: dict[str, Any] = field(default_factory=dict)  # further fields of the body, as params give them

    def __post_init__(self) -> None:
        for one in fields(self):
            object.__setattr__(self, one.name, to_well_formed_value(getattr(self, one.name)))

    @cached_property
    def key(self) -> str:
        """The key of the response in the cache: sha256 of all fields, in hexadecimal digits."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        if not self.options:
            del values["options"]  # keeps the keys of requests from before there were options
        canonical = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return sha256(canonical.encode()).hexdigest()

    @cached_property
    def max_prompt_tokens(self) -> int:
        """An upper bound of the prompt's tokens for any tokenizer: one for each byte."""
        extra = len(json.dumps([self.schema, self.tools, self.options]).encode())
        return extra + sum(len(json.dumps(message, ensure_ascii=False).encode()) for message in self.messages)
