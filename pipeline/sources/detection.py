"""Detect the format of files by what they hold: which columns the first records have."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Reject
from pipeline.sources.formats.chatgpt import is_tree
from pipeline.sources.formats.message_fields import SPEAKER_KEYS, TEXT_KEYS, TIME_KEYS, USER_KEYS
from pipeline.sources.formats.messages import MESSAGE_KEYS
from pipeline.sources.records import DATA_SUFFIXES, RawRecord, iter_records, read_label, read_string
from pipeline.sources.shards import FilePart, RawShard
from pipeline.sources.times import parse_time

_MAX_RECORDS = 2000  # that are looked at
_QUESTION_KEYS = ("question", "query", "prompt")
_ANSWER_KEYS = ("answers", "answer", "response", "target", "output")
_CONTEXT_KEYS = ("context", "passage", "paragraph", "document", "text", "body")
_LABEL_KEYS = ("label", "labels", "category", "intent", "class", "topic", "queue", "tag")
_TEXT_KEYS = ("text", "body", "content", "message", "sentence", "utterance", "description", "what")
_TIME_KEYS = ("time", "timestamp", "date", "at", "datetime", "created_at", "created")
_SPEAKER_KEYS = ("speaker", "who", "author", "sender", "from", "name")
_TITLE_KEYS = ("title", "name", "subject")
_MAX_LABELS_PER_RECORD = 0.5
_MAX_LABEL_CHARS = 60


@dataclass(frozen=True, slots=True)
class DetectedFormat:
    """A format, the columns to name in params.yaml, and why it is this one."""

    name: str
    reason: str
    columns: dict[str, str] = field(default_factory=dict)


def detect_format(paths: Sequence[Path]) -> DetectedFormat:
    """Return the format of files. Raises MemcurateError where none fits, with the columns that they have."""
    data = [path for path in paths if path.name.lower().endswith(DATA_SUFFIXES)]
    if len(data) * 2 < len(paths) or not data:
        return DetectedFormat("text", f"{len(paths) - len(data)} of {len(paths)} files are not data files")
    rejects: list[Reject] = []
    shards = [RawShard(path.parent, (FilePart(path.name, 0),)) for path in data]
    records = list(
        islice((one for shard in shards for one in iter_records(shard, "", rejects)), _MAX_RECORDS)
    )
    if not records:
        first = f": {rejects[0].reason}, {rejects[0].detail}" if rejects else ""
        raise MemcurateError(f"{data[0]} has no record{first}")
    found = _detect_by_records(records)
    if found is None:
        columns = sorted(
            {str(key) for record in records if isinstance(record.value, dict) for key in record.value}
        )
        raise MemcurateError(
            f"{data[0]}: no format fits its columns {', '.join(columns)[:300]}. Write the source by hand: "
            "`format` is messages, text, labels, qa, timeline or squad, with its columns (docs/own-data.md)"
        )
    return found


def _detect_by_records(records: Sequence[RawRecord]) -> DetectedFormat | None:
    """Return the format of records: the first that most of them fit."""
    values = [record.value for record in records]
    if _share(values, _is_squad) > 0.5:
        return DetectedFormat("squad", "records have paragraphs with qas")
    if _share(values, _is_locomo) > 0.5:
        return DetectedFormat("locomo", "records have a conversation in sessions, with qa")
    for detect in (_detect_messages, _detect_qa, _detect_timeline, _detect_labels, _detect_text):
        found = detect(records)
        if found is not None:
            return found
    return None


def _is_squad(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("paragraphs"), list)


def _is_locomo(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("conversation"), dict) and "qa" in value


def _share(values: Sequence[Any], fits: Any) -> float:
    return sum(map(bool, map(fits, values))) / len(values)


def _is_message_list(value: Any) -> bool:
    if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
        return False
    num_texts = sum(not set(TEXT_KEYS).isdisjoint(one) for one in value)
    return 2 * num_texts >= len(value) and any(set(one) & set(SPEAKER_KEYS) for one in value)


def _detect_messages(records: Sequence[RawRecord]) -> DetectedFormat | None:
    values = [record.value for record in records]
    if _share(values, _is_message_list) > 0.5:
        return DetectedFormat("messages", "records are lists of messages")
    if _share(values, is_tree) > 0.5:
        return DetectedFormat("messages", "records are chats of ChatGPT's export, with messages in `mapping`")
    names = Counter(
        key
        for value in values
        if isinstance(value, dict)
        for key, inner in value.items()
        if _is_message_list(inner)
    )
    if not names or names.most_common(1)[0][1] * 2 <= len(values):
        return None
    name = names.most_common(1)[0][0]
    columns = {} if name in MESSAGE_KEYS else {"messages": name}
    user = _find_column(records, USER_KEYS)
    time = _find_column(records, TIME_KEYS, is_text=False)
    reason = (
        f"column {name} holds lists of messages"
        + (f", {user} names the user" if user else ", none names the user")
        + (f", {time} dates the chat" if time else "")
    )
    return DetectedFormat("messages", reason, columns)


def _detect_qa(records: Sequence[RawRecord]) -> DetectedFormat | None:
    question = _find_column(records, _QUESTION_KEYS)
    answers = _find_column(records, _ANSWER_KEYS, is_text=False)
    context = _find_column(records, _CONTEXT_KEYS)
    if question is None or answers is None or context is None:
        return None
    columns = {"context": context, "question": question, "answers": answers}
    title = _find_column(records, ("title",))
    if title:
        columns["title"] = title
    reason = f"columns {context}, {question} and {answers}"
    return DetectedFormat(
        "qa", reason, {key: name for key, name in columns.items() if key != name or key == "title"}
    )


def _detect_timeline(records: Sequence[RawRecord]) -> DetectedFormat | None:
    text = _find_column(records, _TEXT_KEYS)
    time = _find_column(records, _TIME_KEYS, is_text=False)
    if text is None or time is None or _share_of_times(records, time) <= 0.5:
        return None
    columns = {"time": time, "text": text}
    speaker = _find_column(records, tuple(key for key in _SPEAKER_KEYS if key != text))
    named = {key: name for key, name in columns.items() if key != name}
    if speaker:
        named["speaker"] = speaker
    return DetectedFormat("timeline", f"columns {time} and {text}", named)


def _share_of_times(records: Sequence[RawRecord], column: str) -> float:
    objects = [record.value for record in records if isinstance(record.value, dict)]
    return sum(parse_time(value.get(column)) is not None for value in objects) / len(records)


def _detect_labels(records: Sequence[RawRecord]) -> DetectedFormat | None:
    text = _find_column(records, _TEXT_KEYS)
    label = _find_column(records, _LABEL_KEYS, is_text=False)
    if text is None or label is None or text == label:
        return None
    labels = {read_label(record, label) for record in records}
    if labels == {None}:
        return None
    is_label = all(len(one) <= _MAX_LABEL_CHARS for one in labels if one)
    if not is_label or len(labels) > max(2, _MAX_LABELS_PER_RECORD * len(records)):
        return None
    columns = {key: name for key, name in (("text", text), ("label", label)) if key != name}
    return DetectedFormat("labels", f"columns {text} and {label}, of {len(labels)} labels", columns)


def _detect_text(records: Sequence[RawRecord]) -> DetectedFormat | None:
    text = _find_column(records, _TEXT_KEYS)
    if text is None:
        return None
    title = _find_column(records, tuple(key for key in _TITLE_KEYS if key != text))
    columns = {key: name for key, name in (("text", text), ("title", title)) if name and key != name}
    return DetectedFormat("text", f"column {text}", columns)


def _find_column(records: Sequence[RawRecord], names: Sequence[str], is_text: bool = True) -> str | None:
    """Return the first of the columns that most records have; names match whatever their case."""
    for name in names:
        found = Counter(
            key
            for record in records
            if isinstance(record.value, dict)
            for key, value in record.value.items()
            if str(key).lower() == name
            and (read_string(record, key) is not None if is_text else value not in (None, "", []))
        )
        if found and found.most_common(1)[0][1] * 2 > len(records):
            return str(found.most_common(1)[0][0])
    return None
