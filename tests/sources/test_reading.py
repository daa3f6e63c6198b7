"""Raw files that are missing, damaged or odd, and the way back from a span to its characters."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.documents import Parsed
from pipeline.errors import MemcurateError
from pipeline.schema import Span
from pipeline.sources import parse
from pipeline.sources.reading import (
    pointer,
    read_span,
    read_text,
    read_value,
    string_at,
    stripped,
    written_out,
)
from pipeline.sources.rows import Rows
from tests.sources import parquets
from tests.sources.test_golden import GOLDEN

BENCHMARK = "Accurate_Retrieval-00000-of-00001"

FILES = {
    "chitchat": "dataset.json",
    "longmemeval": "longmemeval_oracle.json",
    "banking77": "pool.json",
    "trec_coarse": "question_labels.txt",
    "trec_fine": "question_labels.txt",
    "squad_dev": "squad.json",
    "hotpotqa_dev": "hotpotqa.json",
    "squad": "train-v1.1.json",
    "perltqa": "perltmem_en.json",
    "clinc150": "data_full.json",
    "booksum": "train.jsonl",
    "nlu": "train/seq.in",
    "pubmed_rct": "train.txt",
}
JSON_SOURCES = [source for source, name in FILES.items() if name.endswith(".json")]
GLOBBED = [source for source, name in FILES.items() if name.endswith(".txt")]  # all *.txt are read


def put(folder: Path, source: str, content: bytes) -> str:
    """Write the source's file into its raw folder; give its name."""
    name = FILES.get(source, "austen-emma.txt")
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return name


@pytest.mark.parametrize("source", JSON_SOURCES)
def test_malformed_json_names_file_line_and_column(source: str, tmp_path: Path) -> None:
    (tmp_path / FILES[source]).write_text('{\n "a": 1,\n "b" 2\n}')
    with pytest.raises(MemcurateError, match=rf"{FILES[source]} is no valid JSON: .*line 3, column 6$"):
        parse(source, tmp_path)


@pytest.mark.parametrize("source", sorted(FILES.keys() - {"trec_coarse", "trec_fine"}))
def test_wrong_encoding_names_file_and_byte(source: str, tmp_path: Path) -> None:
    name = put(tmp_path, source, b'["caf\xe9"]')
    with pytest.raises(MemcurateError, match=rf"{name} is not utf-8: byte 5 is 0xe9\."):
        parse(source, tmp_path)


def test_first_encoding_that_fits(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("naïve\r\n".encode())
    (tmp_path / "b.txt").write_bytes("naïve\r\n".encode("latin-1"))
    for name in ("a.txt", "b.txt"):
        assert read_text(tmp_path / name, ("utf-8", "latin-1")) == "naïve\r\n"


@pytest.mark.parametrize("content", [b"", b" \r\n\t"])
@pytest.mark.parametrize("source", ["gutenberg", *FILES])
def test_empty_file(source: str, content: bytes, tmp_path: Path) -> None:
    name = put(tmp_path, source, content)
    with pytest.raises(MemcurateError, match=f"{name} is empty"):
        parse(source, tmp_path)


@pytest.mark.parametrize("source", sorted(FILES.keys() - GLOBBED))
def test_missing_file(source: str, tmp_path: Path) -> None:
    raw = tmp_path / source
    message = rf"{raw} has no file {FILES[source]}.*dvc repro fetch@{source}"
    with pytest.raises(MemcurateError, match=message):
        parse(source, raw)
    (raw / "other").mkdir(parents=True)
    with pytest.raises(MemcurateError, match=message):
        parse(source, raw)


@pytest.mark.parametrize("source", ["gutenberg", *GLOBBED])
def test_missing_texts(source: str, tmp_path: Path) -> None:
    raw = tmp_path / source
    raw.mkdir()
    with pytest.raises(MemcurateError, match=rf"{raw} holds no \*\.txt.*dvc repro fetch@{source}"):
        parse(source, raw)


@pytest.mark.parametrize("source", ["hotpotqa", "longmemeval_train", "mab_nlu"])
def test_parquet_that_is_missing_or_none(source: str, tmp_path: Path) -> None:
    with pytest.raises(MemcurateError, match=r"no .*\.parquet.*dvc repro fetch@"):
        parse(source, tmp_path)
    for name in ("train-00000-of-00002", "Accurate_Retrieval-0", "Test_Time_Learning-0"):
        (tmp_path / f"{name}.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(MemcurateError, match="cannot be read as Parquet"):
        parse(source, tmp_path)


def test_a_benchmark_file_without_the_set(tmp_path: Path) -> None:
    """Nothing would be kept out of train if the wrong file said what is evaluated."""
    raw = tmp_path / "longmemeval_train"
    shutil.copytree(GOLDEN / "longmemeval_train" / "raw", raw)
    rows = parquets.rows_of(GOLDEN / "longmemeval_train" / "raw" / f"{BENCHMARK}.parquet")[:1]
    pq.write_table(
        pa.Table.from_pylist(rows, schema=parquets.schema_of(raw, rows)), raw / f"{BENCHMARK}.parquet"
    )
    with pytest.raises(MemcurateError, match="no question of longmemeval_s"):
        parse("longmemeval_train", raw)
    with pytest.raises(MemcurateError, match="no row of ruler_qa2"):
        parse("mab_ruler_qa2", raw)


def test_rows_of_many_groups(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([{"n": number} for number in range(7)])
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=3)
    rows = Rows(tmp_path / "x.parquet")
    assert len(rows) == 7 and [row["n"] for row in rows] == list(range(7))
    assert [row["n"] for row in rows[1:6:2]] == [1, 3, 5]
    assert read_span(tmp_path, Span("x.parquet", "/6/n", 0, 1)) == "6"
    with pytest.raises(IndexError):
        rows[7]


@pytest.mark.parametrize(("name", "comma"), [("x.csv", ","), ("x.tsv", "\t")])
def test_tables(name: str, comma: str, tmp_path: Path) -> None:
    """Quoted fields hold anything; a row of another width is none; a spreadsheet's byte order mark is no
    text.
    """
    text = f'\ufefftext{comma}label\r\n"two{comma} ""lines""\n"{comma}a\r\nshort\r\nlast{comma}b\r\n'
    (tmp_path / name).write_bytes(text.encode())
    rows = read_value(tmp_path / name)
    assert rows == [
        {"text": f'two{comma} "lines"\n', "label": "a"},
        ["short"],
        {"text": "last", "label": "b"},
    ]
    assert read_span(tmp_path, Span(name, "/0/text", 5, 12)) == '"lines"'
    (tmp_path / name).write_text(f'text{comma}label\n"open{comma}a\n')
    if name == "x.tsv":
        assert read_value(tmp_path / name) == [{"text": '"open', "label": "a"}]
        return
    with pytest.raises(MemcurateError, match=r"no valid CSV: line 2: .*quotes"):
        read_value(tmp_path / name)


def test_a_string_that_holds_json_or_python_is_pointed_into(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(
        json.dumps({"a": json.dumps(["naïve", {"b": "c"}]), "p": repr(["it's"])})
    )
    assert read_span(tmp_path, Span("x.json", "/a/0", 2, 5)) == "ïve"
    assert read_span(tmp_path, Span("x.json", "/a/1/b", 0, 1)) == "c"
    assert read_span(tmp_path, Span("x.json", "/p/0", 0, 4)) == "it's"
    with pytest.raises(MemcurateError, match="no value at /p/1"):
        read_span(tmp_path, Span("x.json", "/p/1", 0, 1))


@pytest.mark.parametrize(
    ("source", "value", "message"),
    [
        ("chitchat", "text", "the top is a str, a list or an object"),
        ("chitchat", None, "the top is a NoneType"),
        ("longmemeval", 3, "the top is a int"),
        ("hotpotqa_dev", True, "the top is a bool"),
        ("banking77", [], "should be a valid dictionary"),
        ("banking77", {"train_texts": "x"}, "/train_texts: Input should be a valid list"),
        ("squad_dev", [], "is no SQuAD file"),
        ("squad_dev", {"data": {}}, "is no SQuAD file"),
        ("squad_dev", {"version": "v2.0"}, "is no SQuAD file"),
    ],
)
def test_wrong_type_at_the_top(source: str, value: object, message: str, tmp_path: Path) -> None:
    (tmp_path / FILES[source]).write_text(json.dumps(value))
    with pytest.raises(MemcurateError, match=rf"{FILES[source]}.*{message}"):
        parse(source, tmp_path)


def test_as_many_labels_as_texts(tmp_path: Path) -> None:
    pool: dict[str, Any] = {"train_texts": ["a", "b"], "train_labels": ["0"]}
    pool |= {"test_texts": [], "test_labels": [], "label_names": {"0": "x"}}
    (tmp_path / "pool.json").write_text(json.dumps(pool))
    with pytest.raises(MemcurateError, match=r"pool\.json: 2 train_texts but 1 labels"):
        parse("banking77", tmp_path)


def append(value: Any, junk: object) -> str:
    """Put `junk` where the file has records; say where."""
    if isinstance(value, list):
        value.append(junk)
        return f"/{len(value) - 1}"
    value["junk"] = junk
    return "/junk"


def append_text(pool: Any, junk: object) -> str:
    pool["train_texts"].append(junk)
    pool["train_labels"].append("0")
    return f"/train_texts/{len(pool['train_texts']) - 1}"


WHERE: dict[str, Callable[[Any, object], str]] = {
    "chitchat": append,
    "longmemeval": append,
    "hotpotqa_dev": append,
    "banking77": append_text,
    "squad_dev": lambda value, junk: "/data" + append(value["data"], junk),
    "squad_dev paragraph": lambda value, junk: (
        "/data/0/paragraphs" + append(value["data"][0]["paragraphs"], junk)
    ),
    "squad_dev question": lambda value, junk: (
        "/data/0/paragraphs/0/qas" + append(value["data"][0]["paragraphs"][0]["qas"], junk)
    ),
}


@pytest.mark.parametrize("junk", [None, 17, [], {}, {"paragraphs": 3, "messages": "x", "qas": None}])
@pytest.mark.parametrize("place", sorted(WHERE))
def test_a_malformed_record_is_a_reject_and_the_others_go_on(
    place: str, junk: object, tmp_path: Path
) -> None:
    source = place.split()[0]
    good = parse(source, GOLDEN / source / "raw")
    value = json.loads((GOLDEN / source / "raw" / FILES[source]).read_text())
    where = WHERE[place](value, junk)
    (tmp_path / FILES[source]).write_text(json.dumps(value))
    found = parse(source, tmp_path)
    assert (found.documents, found.examples) == (good.documents, good.examples)
    assert found.questions == good.questions
    known = {reject.id for reject in good.rejects}
    (new,) = [reject for reject in found.rejects if reject.id not in known]
    assert len(found.rejects) == len(good.rejects) + 1
    assert (new.source, new.stage, new.kind, new.reason) == (source, "chunk", "record", "malformed record")
    assert new.raw == Span(FILES[source], where, 0, 0)
    assert new.detail


MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize("source", ["gutenberg", *FILES])
def test_a_byte_order_mark_is_no_part_of_a_text(source: str, tmp_path: Path) -> None:
    """Everything is read as without one, and spans count from behind it."""
    raw = GOLDEN / source / "raw"
    marked = tmp_path / source
    shutil.copytree(raw, marked)
    for path in marked.rglob("*"):
        if path.is_file() and path.suffix != ".parquet":
            path.write_bytes(MARK + path.read_bytes())
    parsed, plain = parse(source, marked), parse(source, raw)
    assert parsed == plain
    for span, text in parsed_spans(parsed)[:20]:
        if source != "booksum":  # its books are records
            assert read_span(marked, span) == text


def test_a_mark_before_a_line_of_joined_files(tmp_path: Path) -> None:
    mark = MARK.decode()
    (tmp_path / "x.jsonl").write_text(f'{mark}{{"a": 1}}\n{mark}{{"a": 2}}\n')
    assert read_value(tmp_path / "x.jsonl") == [{"a": 1}, {"a": 2}]
    (tmp_path / "question_labels.txt").write_text(f"{mark}NUM:dist How far ?\n{mark}HUM:ind Who ?\n")
    parsed = parse("trec_fine", tmp_path)
    assert [one.label for one in parsed.examples] == ["NUM:dist", "HUM:ind"]
    assert [text_at(tmp_path, one.raw) for one in parsed.examples] == ["How far ?", "Who ?"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "utf-32-be"])
def test_another_encoding_is_named_by_its_mark(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(("\ufeff" * encoding.endswith("be") + "One tree fell.").encode(encoding))
    with pytest.raises(MemcurateError, match=rf"a\.txt is {encoding[:6].upper()}.*save it as UTF-8"):
        read_text(tmp_path / "a.txt", ("utf-8", "latin-1"))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("source", ["trec_fine", "nlu", "pubmed_rct", "booksum"])
def test_any_line_end(source: str, end: str, tmp_path: Path) -> None:
    raw = tmp_path / source
    shutil.copytree(GOLDEN / source / "raw", raw)
    plain = parse(source, raw)
    for path in raw.rglob("*"):
        if path.is_file():
            text = path.read_bytes().decode("latin-1").replace("\r\n", "\n").replace("\r", "")
            path.write_bytes(text.replace("\n", end).encode("latin-1"))
    parsed = parse(source, raw)
    assert [one.text for one in parsed.examples] == [one.text for one in plain.examples]
    assert [book.name for book in parsed.books] == [book.name for book in plain.books]
    assert len(parsed.rejects) == len(plain.rejects)
    for span, text in parsed_spans(parsed)[:20]:
        if source != "booksum":
            assert read_span(raw, span) == text


DEEP = "[" * 2000 + "]" * 2000


@pytest.mark.parametrize(
    "content", [DEEP, "9" * 5000, '{"a": ' + "9" * 30 + "}", '{"a": ' * 150 + "1" + "}" * 150]
)
@pytest.mark.parametrize("source", JSON_SOURCES)
def test_json_that_no_reader_takes_is_an_error_that_names_the_file(
    source: str, content: str, tmp_path: Path
) -> None:
    put(tmp_path, source, content.encode())
    with pytest.raises(MemcurateError, match=rf"{FILES[source]} is no valid JSON"):
        parse(source, tmp_path)


def test_a_line_of_json_that_no_reader_takes_is_a_reject(tmp_path: Path) -> None:
    good = (GOLDEN / "booksum" / "raw" / "train.jsonl").read_text().split("\n")[0]
    (tmp_path / "train.jsonl").write_text("\n".join([DEEP, "9" * 5000, '{"a": ' + "9" * 30 + "}", good]))
    parsed = parse("booksum", tmp_path)
    assert len(parsed.books) == 1
    assert [one.raw and one.raw.record for one in parsed.rejects] == ["/0", "/1", "/2"]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 2000,
        "-" * 5000 + "1",
        "{[]: 1}",
        "['a', 9" + "9" * 5000 + "]",
        "['\0']",
        "[b'x']",
        "['a'",
        "1" + ",1" * 300_000,
        "f'{1}'",
    ],
)
def test_a_literal_that_python_cannot_read(text: str) -> None:
    with pytest.raises(ValueError, match="neither JSON"):
        written_out(text)


@given(
    st.recursive(
        st.one_of(st.text(), st.integers(-9, 9), st.none()),
        lambda of: st.lists(of) | st.dictionaries(st.text(), of),
    )
)
def test_what_python_wrote_out_is_read(value: Any) -> None:
    text = repr([value])
    assert written_out(text) == [value]


# A key that stands twice


def test_a_repeated_key_of_records_is_a_reject_and_the_last_is_read(tmp_path: Path) -> None:
    def chat(*words: str) -> str:
        turns = [message(word, sender) for word, sender in zip(words, ("ann", "bob"), strict=True)]
        return json.dumps({"messages": turns})

    pairs = [
        ("c1", chat("Hello 1", "Hi 1")),
        ("c2", chat("Hello 3", "Hi 3")),
        ("c1", chat("Hello 2", "Hi 2")),
    ]
    (tmp_path / "dataset.json").write_text("{" + ", ".join(f'"{key}": {text}' for key, text in pairs) + "}")
    parsed = parse("chitchat", tmp_path)
    texts = {segment.text for document in parsed.documents for segment in document.segments}
    assert texts == {"Hello 2", "Hi 2", "Hello 3", "Hi 3"}
    (reject,) = parsed.rejects
    assert (reject.reason, reject.raw) == ("repeated key", Span("dataset.json", "/c1", 0, 0))
    assert "'c1' stands twice" in reject.detail


def message(text: str, sender: str) -> list[dict[str, str]]:
    return [{"text": text, "timestamp": "2018-05-02T19:38:15Z", "sender": sender}]


REPEATED = {
    "squad_dev": '{"title": "T", "title": "U", "paragraphs": []}',
    "longmemeval": '{"question_id": "a", "question_id": "b"}',
    "hotpotqa_dev": '{"question": "a", "question": "b"}',
    "booksum": '{"book_title": "a", "text": "b", "text": "c"}',
}


@pytest.mark.parametrize("source", REPEATED)
def test_a_record_with_a_repeated_key_is_a_reject(source: str, tmp_path: Path) -> None:
    raw = GOLDEN / source / "raw"
    good = parse(source, raw)
    text = (raw / FILES[source]).read_text().rstrip()
    if source == "booksum":
        text += "\n" + REPEATED[source]
    else:
        cut = text.rindex("]")
        text = f"{text[:cut]}, {REPEATED[source]}{text[cut:]}"
    (tmp_path / FILES[source]).write_text(text)
    parsed = parse(source, tmp_path)
    assert (parsed.documents, parsed.books, parsed.questions) == (good.documents, good.books, good.questions)
    (new,) = [one for one in parsed.rejects if one.id not in {known.id for known in good.rejects}]
    assert new.reason == "malformed record" and "stands twice" in new.detail


@pytest.mark.parametrize("source", ["banking77", "clinc150"])
def test_a_file_of_one_record_with_a_repeated_key(source: str, tmp_path: Path) -> None:
    value = json.loads((GOLDEN / source / "raw" / FILES[source]).read_text())
    text = json.dumps(value)
    key = next(iter(value))
    (tmp_path / FILES[source]).write_text(f'{text[:-1]}, "{key}": []}}')
    with pytest.raises(MemcurateError, match=rf"{FILES[source]}: .*the key '{key}' stands twice"):
        parse(source, tmp_path)


def test_a_label_with_half_a_character_loses_its_texts_only(tmp_path: Path) -> None:
    pool = {
        "train_texts": ["a", "b", "c"],
        "train_labels": ["0", "1", None],
        "test_texts": [],
        "test_labels": [],
    }
    names = {"0": "half \ud83d", "1": "whole", "None": "nothing"}
    (tmp_path / "pool.json").write_text(json.dumps(pool | {"label_names": names}))
    parsed = parse("banking77", tmp_path)
    assert [(one.text, one.label) for one in parsed.examples] == [("b", "whole")]
    assert [one.raw and one.raw.record for one in parsed.rejects] == ["/train_texts/0", "/train_texts/2"]


def test_half_a_character_in_what_nobody_reads_does_not_matter(tmp_path: Path) -> None:
    value = json.loads((GOLDEN / "squad_dev" / "raw" / "squad.json").read_text())
    good = parse("squad_dev", GOLDEN / "squad_dev" / "raw")
    for article in value["data"]:
        article["unread \ud83d"] = "\ud83d"
    (tmp_path / "squad.json").write_text(json.dumps(value))
    assert parse("squad_dev", tmp_path) == good


def test_a_malformed_line_is_a_reject_and_the_others_go_on(tmp_path: Path) -> None:
    lines = ["NUM:dist How far ?", "no label", "NUM:", "", "NUM:dist How\ufffd near ?", "HUM:ind Who ?"]
    text = "\n".join(lines)
    (tmp_path / "question_labels.txt").write_bytes(text.encode())
    parsed = parse("trec_fine", tmp_path)
    assert [example.text for example in parsed.examples] == ["How far ?", "Who ?"]
    found = [(reject.reason, text_at(tmp_path, reject.raw)) for reject in parsed.rejects]
    assert found == [
        ("malformed record", lines[1]),
        ("malformed record", lines[2]),
        ("damaged characters", lines[4]),
    ]


def text_at(raw: Path, span: Span | None) -> str:
    assert span is not None
    return read_span(raw, span)


@pytest.mark.parametrize("name", ["unheard_of", "", "squad_dev.nothing"])
def test_unknown_adapter(name: str, tmp_path: Path) -> None:
    with pytest.raises(MemcurateError, match=rf"source {name!r} has no adapter"):
        parse(name, tmp_path)


KEYS = st.one_of(st.sampled_from(["~", "/", "~1", "~0", "~01", "", "0", "a/b~c"]), st.text(max_size=5))


@given(st.lists(st.one_of(KEYS, st.integers(0, 3)), max_size=6), st.text())
def test_pointers_lead_back(path: list[str | int], text: str) -> None:
    value: Any = text
    for part in reversed(path):
        value = {part: value, part + "x": "y"} if isinstance(part, str) else [*["x"] * part, value]
    assert string_at(value, pointer(*path), Path("made.json")) == text


@given(st.lists(KEYS, max_size=4), st.lists(KEYS, max_size=4))
def test_pointers_differ_where_paths_do(one: list[str], other: list[str]) -> None:
    assert (pointer(*one) == pointer(*other)) == (one == other)


def test_pointers_are_escaped_as_rfc_6901_says() -> None:
    assert pointer("a/b", 0, "m~n", "") == "/a~1b/0/m~0n/"
    assert pointer() == ""


@pytest.mark.parametrize("record", ["/b", "/a/2", "/a/x", "/a/0/0", "/c/0"])
def test_a_pointer_to_nothing_is_named(record: str) -> None:
    with pytest.raises(MemcurateError, match=rf"made\.json has no value at {record}"):
        string_at({"a": ["x", "y"], "c": None}, record, Path("made.json"))


def test_a_span_of_a_missing_file_is_named(tmp_path: Path) -> None:
    for record in ("", "/0"):
        with pytest.raises(MemcurateError, match=r"gone\.json cannot be read"):
            read_span(tmp_path, Span("gone.json", record, 0, 1))


@given(st.text(st.sampled_from(" \t\n\xa0\u2003ab\x1a"), max_size=12))
def test_stripped_says_where_the_text_stands(text: str) -> None:
    inner, span = stripped(text, "f", "/r")
    assert inner == text.strip() == text[span.start : span.end]
    assert (span.file, span.record) == ("f", "/r")


def parsed_spans(parsed: Parsed) -> list[tuple[Span, str]]:
    segments = [
        segment
        for document in parsed.documents
        for section in document.sections
        for unit in section.units
        for segment in unit
    ]
    found = [(segment.raw, segment.text) for segment in [*segments, *parsed.examples]]
    found += [(question.raw, question.text) for question in parsed.questions if question.raw]
    for book in parsed.books:
        found += [(Span(book.file, "", start, end), book.text[start:end]) for start, end, _ in book.chapters]
    return found


@pytest.mark.parametrize("source", ["banking77", "trec_fine", "squad_dev", "gutenberg"])
def test_spans_of_real_corpora(source: str, raw: Path) -> None:
    """A dozen of each; all spans are read in test_real_corpora.py, by the standard library."""
    found = parsed_spans(parse(source, raw / source))
    assert len(found) > 2000
    for span, text in found[:: len(found) // 12]:
        assert read_span(raw / source, span) == text
