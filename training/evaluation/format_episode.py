"""Format an episode for the terminal: chunks, calls, memory, retrieved passages and answers."""

from collections.abc import Iterator
from textwrap import indent, shorten

from training.memory.schema import AnswerRecord, Episode, MemoryMeasures, Step, ToolCallRecord

_WIDTH = 110


def format_overview(episode: Episode) -> str:
    """Return a few lines for each step and question of the episode."""
    return "\n".join(_overview_lines(episode))


def _overview_lines(episode: Episode) -> Iterator[str]:
    yield f"{episode.id}: {episode.tokens:,} tokens, {episode.memory_tokens:,} kept"
    yield (
        f"r1 correctness {_format_score(episode.correctness)}, r2 tool format "
        f"{_format_score(episode.tool_format)}, r3 compression {_format_score(episode.compression)}, "
        f"r4 content {_format_score(episode.content)}, "
        f"total {_format_score(episode.total)}"
    )
    for number, step in enumerate(episode.steps):
        yield ""
        yield f"step {number}: {step.tokens:,} tokens read, {step.memory_tokens:,} in memory after it"
        if episode.measures:
            yield f"  facts   {_format_measures(episode.measures[number])}"
        yield f"  read    {_shorten_text(step.chunk)}"
        yield from (f"  {_format_call(call)}" for call in step.calls)
    if episode.core or episode.entries:
        yield ""
        yield f"core: {episode.core or '(empty)'}"
        yield f"{len(episode.entries)} entries"
    for number, record in enumerate(episode.answers):
        yield ""
        yield f"question {number}: {_shorten_text(record.text)}"
        yield from (f"  {line}" for line in _answer_lines(record))


def format_step(step: Step) -> str:
    """Return the chunk, the reply and the outcomes of the calls of a step, in full length."""
    calls = "\n".join(f"{_format_outcome(call)}: {call.content or ''}" for call in step.calls)
    parts = {"read": step.chunk, "written": step.reply, "calls": calls}
    return "\n\n".join(f"{name}\n{indent(text, '  ')}" for name, text in parts.items())


def format_question(episode: Episode, record: AnswerRecord) -> str:
    """Return a question with the texts of the passages retrieved for it, in full length.

    Episodes of baselines do not keep their chunks: of such passages only the ids are written.
    """
    texts = {entry.id: entry.text for entry in episode.entries}
    texts["core"] = episode.core
    texts |= {f"chunk {number}": step.chunk for number, step in enumerate(episode.steps)}
    passages = [f"[{name}] {texts.get(name, '(see the instance)')}" for name in record.retrieved]
    return "\n".join([record.text, "", *passages, "", *_answer_lines(record)])


def _answer_lines(record: AnswerRecord) -> Iterator[str]:
    yield f"gold      {'; '.join(record.gold_answers) or '(none: it should abstain)'}"
    if record.wrong_answers:
        yield f"wrong     {'; '.join(record.wrong_answers)}"
    if record.after_chunk is not None:
        yield f"asked     after chunk {record.after_chunk}"
    yield f"retrieved {shorten(', '.join(record.retrieved), _WIDTH)} ({record.tokens:,} tokens)"
    yield f"answer    {_shorten_text(record.answer) or '(none)'}"
    yield f"score     {_format_score(record.score)} by {record.metric}"


def _format_call(call: ToolCallRecord) -> str:
    return f"{_format_outcome(call)}: {_shorten_text(call.content or '')}"


def _format_outcome(call: ToolCallRecord) -> str:
    status = "applied" if call.applied else "failed"
    tool = call.tool or "malformed call"
    return f"{status}  {tool} {call.memory_type or ''} ({call.note})".replace("  (", " (")


def _shorten_text(text: str) -> str:
    return shorten(text, _WIDTH, placeholder=" …")


def _format_measures(measures: MemoryMeasures) -> str:
    return (
        f"recall {_format_score(measures.recall)}, stale {_format_score(measures.stale)}, "
        f"forgotten {_format_score(measures.forgotten)}, noise {_format_score(measures.noise)}"
    ).replace("not scored", "–")


def _format_score(value: float | None) -> str:
    return "not scored" if value is None else f"{value:.3f}"
