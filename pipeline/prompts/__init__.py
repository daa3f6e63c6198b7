"""What models are asked, as files: `questions/` for the stage of that name, `checks/` for filter.

A file is one user message with `$names` to be filled in. A stage depends on the folder of its own prompts.
"""

from functools import cache
from pathlib import Path
from string import Template

from pipeline.endpoint.requests import Message

_HERE = Path(__file__).parent


def prompt(name: str, **values: object) -> list[Message]:
    """The messages of `<name>.md`, filled in; every name in it must be given."""
    return [{"role": "user", "content": _template(name).substitute(values)}]


@cache
def _template(name: str) -> Template:
    return Template((_HERE / f"{name}.md").read_text(encoding="utf-8").strip())
