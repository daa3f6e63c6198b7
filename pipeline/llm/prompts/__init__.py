"""Prompt templates as files: `questions/` for the stage of that name, `checks/` for the stage filter.

A file is one user message with `$names` to be filled in. A stage depends on the folder of its own prompts.
"""

from functools import cache
from pathlib import Path
from string import Template

from pipeline.llm.requests import Message

_PROMPTS_DIR = Path(__file__).parent


def render_prompt(name: str, **values: object) -> list[Message]:
    """Fill in the template `<name>.md`, and return it as messages.

    Raises KeyError when a name in the template has no value.
    """
    return [{"role": "user", "content": _load_template(name).substitute(values)}]


@cache
def _load_template(name: str) -> Template:
    return Template((_PROMPTS_DIR / f"{name}.md").read_text(encoding="utf-8").strip())
