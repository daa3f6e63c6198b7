"""Detect the format of files by what they hold: which columns the first records have."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from unicodedata import normalize

from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Reject
from pipeline.sources.formats.chatgpt import is_tree
from pipeline.sources.formats.message_fields import SPEAKER_KEYS, TEXT_KEYS, TIME_KEYS, USER_KEYS
from pipeline.sources.formats.messages import MESSAGE_KEYS
from pipeline.sources.formats.messenger import find_app
from pipeline.sources.formats.slack import OTHER_FILES
from pipeline.sources.records import DATA_SUFFIXES, RawRecord, iter_records, read_label, read_string
from pipeline.sources.shards import MEDIA_SUFFIXES, FilePart, RawShard
from pipeline.sources.times import find_day_first, parse_time

_MAX_RECORDS = 2000  # that are looked at
# Names of columns, the most usual first, in English, German, French and Spanish; see `_find_column`.
_QUESTION_KEYS = ("question", "query", "prompt", "frage", "pregunta")
_ANSWER_KEYS = (
    *("answers", "answer", "response", "target", "output"),
    *("antworten", "antwort", "réponses", "réponse", "respuestas", "respuesta"),
)
_CONTEXT_KEYS = (
    *("context", "passage", "paragraph", "document", "text", "body"),
    *("kontext", "absatz", "contexte", "texte", "contexto", "texto"),
)
_LABEL_KEYS = (
    *("label", "labels", "category", "intent", "class", "topic", "queue", "tag"),
    *("kategorie", "klasse", "thema", "étiquette", "catégorie", "classe", "thème"),
    *("etiqueta", "categoría", "clase", "tema"),
)
_FOREIGN_TEXT_KEYS = (
    *("nachricht", "inhalt", "satz", "beschreibung", "texte", "contenu", "phrase"),
    *("texto", "mensaje", "contenido", "frase", "descripción"),
)
_TEXT_KEYS = (
    *("text", "body", "content", "message", "sentence", "utterance", "description", "what"),
    *_FOREIGN_TEXT_KEYS,
)
_MESSAGE_TEXT_KEYS = ("body", "content", "text", "message", "value", "utterance", *_FOREIGN_TEXT_KEYS)
_TIME_KEYS = (
    *("time", "timestamp", "date", "at", "datetime", "created_at", "created"),
    *("sent_at", "ts", "create_time", "posted_at", "sent"),
    *("zeitstempel", "zeit", "zeitpunkt", "datum", "horodatage", "fecha", "fecha_hora"),
)
_FOREIGN_SPEAKER_KEYS = (
    *("sprecher", "absender", "autor", "verfasser", "von", "benutzer"),
    *("locuteur", "auteur", "expéditeur", "hablante", "remitente", "usuario"),
)
_SPEAKER_KEYS = (
    *("speaker", "who", "author", "sender", "from", "role", "user", "username", "name"),
    *_FOREIGN_SPEAKER_KEYS,
)
_MESSAGE_SPEAKER_KEYS = (
    *("role", "sender", "speaker", "author", "from", "user", "username", "who", "name"),
    *_FOREIGN_SPEAKER_KEYS,
)
_CONVERSATION_KEYS = tuple(
    f"{name}{suffix}"
    for suffix in ("_id", "")
    for name in (
        *("conversation", "thread", "chat", "dialogue", "dialog", "session"),
        *("gespräch", "unterhaltung", "sitzung", "conversación", "hilo"),
    )
)
_TITLE_KEYS = ("title", "name", "subject", "titel", "betreff", "titre", "título")
_MAIL_FIELDS = {b"from", b"to", b"date", b"subject", b"message-id", b"mime-version", b"received"}
_MIN_MAIL_FIELDS = 4
_MAIL_BYTES = 1 << 12  # of the start of a file
_MAX_LABELS_PER_RECORD = 0.5
_MAX_LABEL_CHARS = 60
_MAX_UNUSED = 10  # columns that are named


@dataclass(frozen=True, slots=True)
class DetectedFormat:
    """A format, the columns to name in params.yaml, and why it is this one."""

    name: str
    reason: str
    columns: dict[str, str] = field(default_factory=dict)
    warning: str = ""


def detect_format(paths: Sequence[Path]) -> DetectedFormat:
    """Return the format of files. Raises MemcurateError where none fits, with the columns that they have."""
    paths = [path for path in paths if not path.name.lower().endswith(MEDIA_SUFFIXES)] or paths
    messenger = _detect_messenger(paths)
    if messenger is not None:
        return messenger
    data = [path for path in paths if path.name.lower().endswith(DATA_SUFFIXES)]
    if len(data) * 2 < len(paths) or not data:
        others = [path for path in paths if path not in data]
        reason = f"{len(others)} of {len(paths)} files are texts, not tables or JSON"
        return DetectedFormat("text", reason, warning=_warn_of_mails(others))
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


def _warn_of_mails(paths: Sequence[Path]) -> str:
    """Return a warning where most files are mails, which no format of memcurate decodes."""
    count = sum(map(_is_mail, paths))
    if 2 * count <= len(paths):
        return ""
    return (
        f"{count} of {len(paths)} files are mails: as `text` they keep their headers and encoded bodies. A "
        "format of your own decodes them (docs/own-data.md)"
    )


def _is_mail(path: Path) -> bool:
    """Return whether a file begins with several header fields of mails."""
    try:
        with path.open("rb") as file:
            lines = file.read(_MAIL_BYTES).splitlines()
    except OSError:
        return False
    fields = {line.partition(b":")[0].lower() for line in lines if b":" in line}
    return len(fields & _MAIL_FIELDS) >= _MIN_MAIL_FIELDS


def _detect_messenger(paths: Sequence[Path]) -> DetectedFormat | None:
    """Detect files of which most are chats of messengers; Slack's files of names do not count."""
    apps = [find_app(path) for path in paths if path.name not in OTHER_FILES]
    found = Counter(filter(None, apps))
    if 2 * found.total() <= len(apps):
        return None
    noun = "file is a chat" if found.total() == 1 else "files are chats"
    reason = f"{found.total()} of {len(apps)} {noun}, of {' and '.join(sorted(found))}"
    return DetectedFormat("messenger", reason)


def _detect_by_records(records: Sequence[RawRecord]) -> DetectedFormat | None:
    """Return the format of records: the first that most of them fit."""
    values = [record.value for record in records]
    if _share(values, _is_squad) > 0.5:
        return DetectedFormat("squad", "records have paragraphs with qas")
    if _share(values, _is_locomo) > 0.5:
        return DetectedFormat("locomo", "records have a conversation in sessions, with qa")
    if _share(values, _is_beam) > 0.5:
        return DetectedFormat("beam", "records have a chat with probing_questions")
    if _share(values, _is_halumem) > 0.5:
        return DetectedFormat("halumem", "records have sessions with a dialogue and memory_points")
    for detect in (
        _detect_messages,
        _detect_qa,
        _detect_table_of_messages,
        _detect_timeline,
        _detect_labels,
        _detect_text,
    ):
        found = detect(records)
        if found is not None:
            return found
    return None


def _is_squad(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("paragraphs"), list)


def _is_locomo(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("conversation"), dict) and "qa" in value


def _is_beam(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("chat"), list) and "probing_questions" in value


def _is_halumem(value: Any) -> bool:
    sessions = value.get("sessions") if isinstance(value, dict) else None
    return (
        isinstance(sessions, list)
        and bool(sessions)
        and isinstance(sessions[0], dict)
        and {"dialogue", "memory_points"} <= sessions[0].keys()
    )


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
    return DetectedFormat(
        "qa",
        _describe(records, list(columns.values())),
        {key: name for key, name in columns.items() if key != name or key == "title"},
    )


def _detect_table_of_messages(records: Sequence[RawRecord]) -> DetectedFormat | None:
    """Detect records that are a message each: of conversations that have two at least, on average."""
    conversation = _find_column(records, _CONVERSATION_KEYS)
    text = _find_column(records, _MESSAGE_TEXT_KEYS)
    speaker = _find_column(records, _MESSAGE_SPEAKER_KEYS)
    if conversation is None or text is None or speaker is None:
        return None
    conversations = {name for record in records if (name := read_string(record, conversation))}
    speakers = {name for record in records if (name := read_string(record, speaker))}
    if 2 * len(conversations) > len(records) or len(speakers) < 2:
        return None
    columns = {"conversation": conversation, "text": text, "speaker": speaker}
    time = _find_column(records, _TIME_KEYS, is_text=False)
    if time and _share_of_times(records, time) > 0.5:
        columns["time"] = time
    user = _find_column(records, [name for name in USER_KEYS if name != speaker])
    used = [*columns.values(), *([user] if user else [])]
    return DetectedFormat("messages", _describe(records, used), columns)


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
    used = [time, text, *([speaker] if speaker else [])]
    return DetectedFormat("timeline", _describe(records, used), named)


def _share_of_times(records: Sequence[RawRecord], column: str) -> float:
    values = [record.value.get(column) for record in records if isinstance(record.value, dict)]
    day_first = find_day_first(values)
    return sum(parse_time(value, day_first) is not None for value in values) / len(records)


def _describe(records: Sequence[RawRecord], used: Sequence[str], note: str = "") -> str:
    """Return which columns are used, and which others most records have."""
    counts = Counter(key for record in records if isinstance(record.value, dict) for key in record.value)
    others = [str(key) for key, count in counts.items() if 2 * count > len(records) and key not in used]
    unused = ", ".join(others[:_MAX_UNUSED]) + (", …" if len(others) > _MAX_UNUSED else "")
    *first, last = used
    names = f"columns {', '.join(first)} and {last}" if first else f"column {last}"
    return names + note + (f"; not used: {unused}" if unused else "")


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
    reason = _describe(records, [text, label], f", of {len(labels)} labels")
    return DetectedFormat("labels", reason, columns)


def _detect_text(records: Sequence[RawRecord]) -> DetectedFormat | None:
    text = _find_column(records, _TEXT_KEYS)
    if text is None:
        return None
    title = _find_column(records, tuple(key for key in _TITLE_KEYS if key != text))
    columns = {key: name for key, name in (("text", text), ("title", title)) if name and key != name}
    return DetectedFormat("text", _describe(records, [text, *([title] if title else [])]), columns)


def _find_column(records: Sequence[RawRecord], names: Sequence[str], is_text: bool = True) -> str | None:
    """Return the first of the columns that most records have; case, accents and `_` do not count."""
    for name in names:
        found = Counter(
            key
            for record in records
            if isinstance(record.value, dict)
            for key, value in record.value.items()
            if _fold(str(key)) == _fold(name)
            and (read_string(record, key) is not None if is_text else value not in (None, "", []))
        )
        if found and found.most_common(1)[0][1] * 2 > len(records):
            return str(found.most_common(1)[0][0])
    return None


def _fold(name: str) -> str:
    return "".join(filter(str.isalnum, normalize("NFKD", name.lower())))
