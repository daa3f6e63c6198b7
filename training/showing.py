"""An episode in the terminal: what was read, called, stored, recalled and answered."""

from collections.abc import Iterator
from textwrap import indent, shorten

from training.schema import Answered, CallMade, Episode, Step

_WIDTH = 110


def overview(episode: Episode) -> str:
    """The episode in short: a few lines for each step and question."""
    return "\n".join(_overview(episode))


def _overview(episode: Episode) -> Iterator[str]:
    yield f"{episode.id}: {episode.tokens:,} tokens, {episode.memory_tokens:,} kept"
    yield (
        f"r1 correctness {_number(episode.correctness)}, r2 tool format {_number(episode.tool_format)}, "
        f"r3 compression {_number(episode.compression)}, r4 content {_number(episode.content)}, "
        f"total {_number(episode.total)}"
    )
    for number, step in enumerate(episode.steps):
        yield ""
        yield f"step {number}: {step.tokens:,} tokens read, {step.memory_tokens:,} in memory after it"
        yield f"  read    {_short(step.chunk)}"
        yield from (f"  {_call(call)}" for call in step.calls)
    if episode.core or episode.entries:
        yield ""
        yield f"core: {episode.core or '(empty)'}"
        yield f"{len(episode.entries)} entries"
    for number, answered in enumerate(episode.answers):
        yield ""
        yield f"question {number}: {_short(answered.text)}"
        yield from (f"  {line}" for line in _answer(answered))


def step_in_full(step: Step) -> str:
    """What was read at a step, what was written, and what became of it, uncut."""
    calls = "\n".join(f"{_outcome(call)}: {call.content or ''}" for call in step.calls)
    parts = {"read": step.chunk, "written": step.reply, "calls": calls}
    return "\n\n".join(f"{name}\n{indent(text, '  ')}" for name, text in parts.items())


def question_in_full(episode: Episode, answered: Answered) -> str:
    """A question with the entries recalled for it, uncut; of chunks, which no episode keeps, the numbers."""
    texts = {entry.id: entry.text for entry in episode.entries}
    texts["core"] = episode.core
    texts |= {f"chunk {number}": step.chunk for number, step in enumerate(episode.steps)}
    recalled = [f"[{name}] {texts.get(name, '(see the instance)')}" for name in answered.recalled]
    return "\n".join([answered.text, "", *recalled, "", *_answer(answered)])


def _answer(answered: Answered) -> Iterator[str]:
    yield f"gold      {'; '.join(answered.gold)}"
    yield f"recalled  {shorten(', '.join(answered.recalled), _WIDTH)} ({answered.tokens:,} tokens)"
    yield f"answer    {_short(answered.answer) or '(none)'}"
    yield f"score     {_number(answered.score)} by {answered.metric}"


def _call(call: CallMade) -> str:
    return f"{_outcome(call)}: {_short(call.content or '')}"


def _outcome(call: CallMade) -> str:
    done = "applied" if call.applied else "failed"
    return f"{done}  {call.tool or 'unread call'} {call.memory_type or ''} ({call.note})".replace("  (", " (")


def _short(text: str) -> str:
    return shorten(text, _WIDTH, placeholder=" …")


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"
