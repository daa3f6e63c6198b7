"""Exports of messengers: each shape and locale, what is a person's text, and what is a reject."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.schema import Reject
from pipeline.sources.detection import detect_format
from pipeline.sources.io import read_span
from pipeline.sources.parsed import Document
from tests.pipeline.sources.reading import make_format, read_documents

Said = list[tuple[str | None, str | None, str]]


def read(folder: Path, **columns: Any) -> tuple[list[Document], list[Reject]]:
    """The days in a folder; each text is that of its place in the raw files."""
    found, rejects = read_documents(folder, make_format("messenger", **columns), shard_bytes=1)
    documents = [one for one in found if isinstance(one, Document)]
    for document in documents:
        for segment in document.segments:
            assert read_span(folder, segment.source_span) == segment.text
    return documents, rejects


def said(documents: list[Document]) -> Said:
    return [(one.speaker, one.time, one.text) for document in documents for one in document.segments]


def reasons(rejects: list[Reject]) -> dict[str, int]:
    return dict(Counter(reject.reason for reject in rejects))


def write(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), "utf-8")
    return path


IPHONE = (
    "\u200e[31/12/23, 22:15:20] Family: \u200eMessages and calls are end-to-end encrypted.\r\n"
    "[31/12/23, 22:15:22] Anna Meyer: Where are you?\r\n\r\nNote: I wait.\r\n"
    "\u200e[31/12/23, 22:16:00] ~\u202fBob: \u200eimage omitted\r\n"
    "\u200e[31/12/23, 22:16:10] ~\u202fBob: Look here \u200e<attached: 00000004-PHOTO-2023-12-31.jpg>\r\n"
    "[01/01/24, 00:00:01] \u202a+49\xa0151\xa02345\u202c: In Rome! \u200e<This message was edited>\r\n"
    "[01/01/24, 00:00:02] Anna Meyer: \u200eThis message was deleted.\r\n"
)
ANDROID = (
    "12/31/23, 10:10\u202fPM - Messages and calls are end-to-end encrypted. Tap to learn more.\n"
    '12/31/23, 10:11\u202fPM - Anna changed the subject from "A" to "Trip: Rome"\n'
    "12/31/23, 10:12\u202fPM - Bob changed the subject to “Trip: Oslo”\n"
    "12/31/23, 10:15\u202fPM - Anna: Where are you?\n"
    "12/31/23, 10:16\u202fPM - Bob: <Media omitted>\n"
    "12/31/23, 10:16\u202fPM - Bob: IMG-20231231-WA0001.jpg (file attached)\nLook here\n"
    "1/1/24, 12:05\u202fAM - Bob: report.pdf (file attached)\n"
    "1/1/24, 12:06\u202fAM - Anna: This message was deleted\n"
    "1/1/24, 12:07\u202fAM - Anna:\n"
    "1/1/24, 12:08\u202fAM - Bob: In Rome! <This message was edited>\n"
)


def test_whatsapp_of_an_iphone(tmp_path: Path) -> None:
    write(tmp_path / "_chat.txt", IPHONE)
    documents, rejects = read(tmp_path)
    assert said(documents) == [
        ("Anna Meyer", "2023-12-31 22:15", "Where are you?\r\n\r\nNote: I wait."),
        ("Bob", "2023-12-31 22:16", "Look here"),
        ("+49 151 2345", "2024-01-01 00:00", "In Rome!"),
    ]
    assert [one.name for one in documents] == ["_chat.txt/2023-12-31", "_chat.txt/2024-01-01"]
    assert reasons(rejects) == {"system message": 2, "media without text": 1}
    span = rejects[1].source_span
    assert span is not None and read_span(tmp_path, span).endswith("Bob: \u200eimage omitted")


def test_whatsapp_of_android(tmp_path: Path) -> None:
    write(tmp_path / "WhatsApp Chat with Bob.txt", ANDROID)
    documents, rejects = read(tmp_path)
    assert said(documents) == [
        ("Anna", "2023-12-31 22:15", "Where are you?"),
        ("Bob", "2023-12-31 22:16", "Look here"),
        ("Bob", "2024-01-01 00:08", "In Rome!"),
    ]
    assert reasons(rejects) == {"system message": 4, "media without text": 2, "message without text": 1}


@pytest.mark.parametrize(
    "head",
    [
        *("31.12.23, 22:15 - ", "31/12/2023 22:15 - ", "31/12/2023 à 22:15 - ", "31-12-2023 22:15 - "),
        *("2023/12/31 下午10:15 - ", "[2023-12-31 22:15:22] ", "[2023. 12. 31. 오후 10:15:00] "),
        *("31.12.2023 klo 22.15 - ", "31/12/23, 10:15 p. m. - ", "[12/31/23, 10:15:22\u202fPM] "),
        *("\u200f[31\u200f/12\u200f/2023, 22:15:22] ", "2023. 12. 31. 22:15 - ", "31/12/23, 10:15 pm – "),
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_locales_of_whatsapp(head: str, mark: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", f"{mark}{head}Anna: Ja: gut.\n{head}Bob\xa0B.: No.\n{head}Bob trat bei")
    documents, rejects = read(tmp_path)
    assert said(documents) == [
        ("Anna", "2023-12-31 22:15", "Ja: gut."),
        ("Bob B.", "2023-12-31 22:15", "No."),
    ]
    assert reasons(rejects) == {"system message": 1}
    assert detect_format([path]).name == "messenger"


@pytest.mark.parametrize(
    ("dates", "first"),
    [
        (("1/2/24", "13/2/24", "14/2/24"), "2024-02-01"),
        (("1/2/24", "2/13/24", "2/14/24"), "2024-01-02"),
        (("12/1/24", "1/2/24", "2/2/24"), "2024-01-12"),  # with the month first it would go back
        (("1/11/24", "1/12/24", "2/1/24"), "2024-01-11"),
        (("1.2.24", "3.2.24", "4.2.24"), "2024-02-01"),
        (("5/5/24", "6/6/24", "7/7/24"), "2024-05-05"),
    ],
)
def test_the_chat_tells_whether_the_day_is_first(dates: tuple[str, ...], first: str, tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "".join(f"{date}, 10:00 - Ann: Hi {date}\n" for date in dates))
    documents, rejects = read(tmp_path)
    assert not rejects and len(documents) == 3
    assert (documents[0].segments[0].time or "")[:10] == first


def test_a_chat_whose_dates_do_not_tell_waits_for_the_key(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "3/4/24, 10:00 - Ann: Hi\n3/5/24, 10:00 - Bob: Ho\n3/5/24, 10:01 - Ann left\n")
    documents, rejects = read(tmp_path)
    assert documents == [] and reasons(rejects) == {"ambiguous time": 2, "system message": 1}
    assert "Write `day_first: true` or `false` beside `format`" in rejects[0].detail
    for day_first, days in ((True, ["2024-04-03", "2024-05-03"]), (False, ["2024-03-04", "2024-03-05"])):
        documents, rejects = read(tmp_path, day_first=day_first)
        assert [(time or "")[:10] for _, time, _ in said(documents)] == days and len(rejects) == 1
    write(tmp_path / "b.txt", "28/2/24, 10:00 - Eve: Hi\n29/2/24, 10:00 - Bob: Ho\n")  # of the same phone
    documents, _ = read(tmp_path)
    assert documents[0].name == "a.txt/2024-04-03" and len(documents) == 4
    write(tmp_path / "c.txt", "2/28/24, 10:00 - Eve: Hi\n2/29/24, 10:00 - Bob: Ho\n")  # of another
    documents, rejects = read(tmp_path)
    assert len(documents) == 4 and reasons(rejects)["ambiguous time"] == 2


def test_brackets_that_recur_are_not_said(tmp_path: Path) -> None:
    lines = ("<Fjölmiðli sleppt>", "Hi", "<can we just>", "<Fjölmiðli sleppt>", "<Medien ausgeschlossen>")
    write(tmp_path / "a.txt", "".join(f"31.12.23, 22:15 - Ann: {line}\n" for line in lines))
    documents, rejects = read(tmp_path)
    assert [text for *_, text in said(documents)] == ["Hi", "<can we just>"]
    assert reasons(rejects) == {"media without text": 3}


def test_odd_lines_of_whatsapp(tmp_path: Path) -> None:
    text = "What is this?\n31.12.23, 25:15 - Ann: Hi\n31.12.23, 22:15 - Ann: Ho\n31.12.23 x: y"
    write(tmp_path / "a.txt", text)
    documents, rejects = read(tmp_path)
    assert said(documents) == [("Ann", "2023-12-31 22:15", "Ho\n31.12.23 x: y")]
    assert reasons(rejects) == {"malformed message": 2}
    assert rejects[1].detail == "31.12.2023 25:15 is no time"


LINK = {"type": "link", "text": "https://a.org"}
ON_THIRD = {"type": "message", "date": "2024-01-03T10:03:00", "from": "Ann"}
TELEGRAM: dict[str, Any] = {
    "name": "Ann",
    "type": "personal_chat",
    "id": 7,
    "messages": [
        {"id": 1, "type": "service", "date": "2024-01-02T10:00:00", "actor": "Ann", "action": "phone_call"},
        {"id": 2, **ON_THIRD, "date": "2024-01-02T10:01:30", "from": "Ann  M.", "text": " In Rome. "},
        {"id": 3, **ON_THIRD, "from": None, "from_id": "user9", "text": ["See ", LINK, " on Monday, ", LINK]},
        {"id": 4, **ON_THIRD, "photo": "a.jpg", "text": ""},
        {"id": 5, **ON_THIRD, "text": [3, {"text": "x"}]},
        {"id": 6, **ON_THIRD, "date": "soon", "text": "x"},
        {"id": 7, **ON_THIRD, "from": None, "text": "x"},
        {"id": 8, **ON_THIRD, "text": "\ud83d"},
        "x",
    ],
}


def test_telegram(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text(json.dumps(TELEGRAM))
    write(tmp_path / "photos" / "a.jpg", "\x89")
    documents, rejects = read(tmp_path)
    assert said(documents) == [
        ("Ann M.", "2024-01-02 10:01", "In Rome."),
        ("user9", "2024-01-03 10:03", "See https://a.org on Monday, https://a.org"),
    ]
    assert reasons(rejects) == {
        **{"system message": 1, "media without text": 1, "message without text": 1},
        **{"malformed message": 4, "media file": 1},
    }


def test_telegram_of_an_account(tmp_path: Path) -> None:
    chats = [TELEGRAM, {**TELEGRAM, "name": "B"}, {"name": "empty", "messages": []}]
    write(tmp_path / "result.json", "")
    (tmp_path / "result.json").write_text(
        json.dumps({"about": "x", "contacts": {"list": []}, "chats": {"about": "y", "list": chats}})
    )
    documents, _ = read(tmp_path)
    assert [one.name for one in documents] == [
        f"result.json/chats/list/{number}/2024-01-0{day}" for number in (0, 1) for day in (2, 3)
    ]


def test_discord(tmp_path: Path) -> None:
    author = {"id": "1", "name": "ann", "nickname": "Ann", "isBot": False}
    base = {"type": "Default", "timestamp": "2024-01-02T10:01:00.123+01:00", "author": author}
    messages: list[Any] = [
        {**base, "timestamp": "2024-01-02T10:00:00+01:00", "content": "In Rome."},
        {**base, "content": "Yes.", "type": "Reply", "author": {"name": "bob"}},
        {**base, "content": "", "attachments": [{"url": "x"}]},
        {**base, "content": "Pinned.", "type": "ChannelPinnedMessage"},
        {**base, "content": "", "attachments": []},
        {**base, "timestamp": "then", "content": "x"},
        None,
    ]
    path = tmp_path / "G - c [1].json"
    write(path, {"guild": {"name": "G"}, "channel": {"name": "c"}, "messages": messages})
    documents, rejects = read(tmp_path)
    assert said(documents) == [("Ann", "2024-01-02 10:00", "In Rome."), ("bob", "2024-01-02 10:01", "Yes.")]
    assert reasons(rejects) == {
        **{"media without text": 1, "system message": 1, "message without text": 1, "malformed message": 2}
    }
    messages[0], messages[1] = messages[1], messages[0]  # the newest first
    write(path, {"guild": {}, "channel": {}, "messages": messages[:2]})
    assert said(read(tmp_path)[0]) == said(documents)


def write_slack(folder: Path) -> None:
    base = {"type": "message"}
    thread = {"thread_ts": "1704189600.000100"}
    users = [
        {"id": "U1", "name": "ann.m", "profile": {"display_name": "", "real_name": "Ann M."}},
        {"id": "U2", "name": "bob", "profile": {"display_name": "Bob"}},
        {"name": "no id"},
    ]
    write(folder / "users.json", users)
    write(folder / "channels.json", [{"id": "C1", "name": "general", "members": ["U1", "U2"]}])
    day = [
        {**base, "user": "U1", "ts": "1704189600.000100", "text": "Who lives in Rome?", **thread},
        {**base, "user": "U1", "ts": "1704189660.000100", "text": "Next topic."},
        {**base, "user": "U2", "ts": "1704189720.000100", "text": "I do, <@U1>!", **thread},
        {**base, "subtype": "channel_join", "user": "U2", "ts": "1704189720.1", "text": "<@U2> joined"},
        {**base, "user": "U2", "ts": "1704189730.1", "text": "", "files": [{"id": "F1"}]},
        {**base, "subtype": "bot_message", "username": "ci", "ts": "1704189740.1", "text": "It builds."},
        {**base, "user": "U3", "ts": "1704189750.1", "text": "Hi.", "user_profile": {"real_name": "Eve"}},
        {**base, "user": "U4", "ts": "x", "text": "Hi."},
    ]
    write(folder / "general" / "2024-01-02.json", day)
    last = {**base, "user": "U4", "ts": "1704276000.1", "text": "Hi."}
    write(folder / "general" / "2024-01-03.json", [last])


def test_slack(tmp_path: Path) -> None:
    write_slack(tmp_path)
    documents, rejects = read(tmp_path)
    assert said(documents) == [
        ("Ann M. (U1)", "2024-01-02 10:00", "Who lives in Rome?"),
        ("Bob (U2)", "2024-01-02 10:02", "I do, <@U1>!"),
        ("Ann M. (U1)", "2024-01-02 10:01", "Next topic."),
        ("ci", "2024-01-02 10:02", "It builds."),
        ("Eve", "2024-01-02 10:02", "Hi."),
        ("U4", "2024-01-03 10:00", "Hi."),
    ]
    assert reasons(rejects) == {"system message": 1, "media without text": 1, "malformed message": 1}


def test_files_without_a_chat_are_rejects(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "Some notes.\n")
    write(tmp_path / "b.json", {"a": 1})
    write(tmp_path / "c.json", "{")
    write(tmp_path / "d.csv", "a,b\n")
    write(tmp_path / "e.opus", "x")
    documents, rejects = read(tmp_path)
    assert documents == []
    assert reasons(rejects) == {"file without a chat": 3, "unreadable file": 1, "media file": 1}


def test_exports_are_detected_among_other_files(tmp_path: Path) -> None:
    write_slack(tmp_path / "slack")
    found = detect_format(sorted(path for path in tmp_path.rglob("*") if path.is_file()))
    assert (found.name, found.reason) == ("messenger", "2 of 2 files are chats, of Slack")
    files = [write(tmp_path / f"{number}.jpg", "x") for number in range(5)]
    files.append(write(tmp_path / "_chat.txt", IPHONE))
    assert detect_format(files).reason == "1 of 1 file is a chat, of WhatsApp"
    (tmp_path / "result.json").write_text(json.dumps(TELEGRAM))
    assert detect_format([tmp_path / "result.json"]).reason == "1 of 1 file is a chat, of Telegram"


@pytest.mark.parametrize(
    "text",
    ["A note.\n\n12/31/23, 10:15 PM - Ann: Hi\n", "1. 2. 2024 was: a day\n", "12/31/23, 10:15 - x\n" * 9],
)
def test_other_texts_are_no_chats(text: str, tmp_path: Path) -> None:
    assert detect_format([write(tmp_path / "a.txt", text)]).name == "text"
