"""What is asked of a model: all that shapes its answer, and nothing else."""

import json
from dataclasses import dataclass, field, fields
from functools import cached_property
from hashlib import sha256
from typing import Any

from pipeline.text.well_formed import well_formed_value

Message = dict[str, str]  # role and content


@dataclass(frozen=True)
class Request:
    """One completion of a chat. Its texts are made well-formed: no server takes half a character."""

    model: str
    revision: str  # set by the user: servers change a model under its name
    messages: list[Message]  # the system prompt included
    temperature: float | None  # None: the server's own
    max_tokens: int  # of the completion
    sample: int = 0  # which of several answers to the same; the seed that is sent
    schema: dict[str, Any] | None = None  # JSON schema of the reply
    tools: list[dict[str, Any]] | None = None  # that the model may call
    options: dict[str, Any] = field(default_factory=dict)  # further fields of the body, as params give them

    def __post_init__(self) -> None:
        for one in fields(self):
            object.__setattr__(self, one.name, well_formed_value(getattr(self, one.name)))

    @cached_property
    def key(self) -> str:
        """What the answer is kept under: sha256 of everything above, as hexadecimal digits."""
        shaping = {one.name: getattr(self, one.name) for one in fields(self)}
        if not self.options:
            del shaping["options"]  # so answers stay that were kept before there were any
        canonical = json.dumps(shaping, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return sha256(canonical.encode()).hexdigest()

    @cached_property
    def most_prompt_tokens(self) -> int:
        """No tokenizer makes more tokens of the prompt: one for each byte."""
        extra = len(json.dumps([self.schema, self.tools, self.options]).encode())
        return extra + sum(len(json.dumps(message, ensure_ascii=False).encode()) for message in self.messages)
