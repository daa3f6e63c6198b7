"""Files that are whole or not there, and rows that come back as they went."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import MemcurateError
from pipeline.folders import whole_folder, write_json
from pipeline.schema import (
    SCHEMA_VERSION,
    AskedQuestion,
    Finding,
    Instance,
    InstanceOutline,
    Label,
    Question,
    Reject,
    Segment,
    Span,
    arrow_schema,
    from_row,
    to_row,
)
from pipeline.storage import (
    ROWS_PER_GROUP,
    column_groups,
    copy_rows,
    count_groups,
    read_about,
    read_columns,
    read_group,
    read_row,
    read_rows,
    write_rows,
)
from tests.graph.project import tree

SHAPES = [Instance, AskedQuestion, Question, Reject, Segment, Finding]


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Anything that the type allows, within what Arrow holds."""
    if hint is str:
        return st.text(max_size=12)
    if hint is int:
        return st.integers(-(2**63), 2**63 - 1)
    if hint is type(None):
        return st.none()
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) is list:
        return st.lists(values(get_args(hint)[0]), max_size=2)
    if get_origin(hint) in (UnionType, Union):
        return st.one_of(*map(values, get_args(hint)))
    return st.builds(hint, **{name: values(each) for name, each in get_type_hints(hint).items()})


def spans(count: int) -> list[Span]:
    return [Span("a file", f"/{number}", number, number + 1) for number in range(count)]


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_rows_come_back(shape: type, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    rows = data.draw(st.lists(values(shape), max_size=3))
    path = tmp_path_factory.getbasetemp() / f"{shape.__name__}.parquet"
    assert write_rows(path, shape, iter(rows)) == len(rows)
    assert list(read_rows(path, shape)) == rows
    assert [from_row(shape, to_row(row)) for row in rows] == rows
    assert pq.read_schema(path).equals(arrow_schema(shape), check_metadata=True)


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(values(Instance), min_size=1, max_size=3))
def test_an_outline_has_what_the_whole_has(
    rows: list[Instance], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "wholes.parquet"
    write_rows(path, Instance, rows)
    outlines = [from_row(InstanceOutline, to_row(row)) for row in rows]
    assert list(read_rows(path, InstanceOutline)) == read_group(path, InstanceOutline, 0) == outlines


def test_rows_are_copied_by_id(tmp_path: Path) -> None:
    """In order, out of several files, over several row groups."""

    def segment(number: int) -> Segment:
        return Segment(f"s/{number:03}", Span("f", "", 0, 1), "d", None, None, None, None, "x")

    rows = [segment(number) for number in range(400)]
    wanted = {row.id for row in rows if int(row.id[2:]) % 3 == 0} | {"none such"}
    write_rows(tmp_path / "one", Segment, rows[:150])
    write_rows(tmp_path / "two", Segment, rows[150:])
    assert copy_rows([tmp_path / "one", tmp_path / "two"], tmp_path / "both", Segment, wanted, {}) == 134
    assert list(read_rows(tmp_path / "both", Segment)) == rows[::3]
    assert pq.read_schema(tmp_path / "both").equals(arrow_schema(Segment), check_metadata=True)
    copy_rows([tmp_path / "one"], tmp_path / "same", Segment, wanted, {"speaker": "Ada"})
    assert {row.speaker for row in read_rows(tmp_path / "same", Segment)} == {"Ada"}
    assert pq.read_schema(tmp_path / "same").equals(arrow_schema(Segment), check_metadata=True)


@pytest.mark.parametrize("count", [0, 1, ROWS_PER_GROUP, ROWS_PER_GROUP + 1, 3 * ROWS_PER_GROUP + 7])
def test_row_groups(tmp_path: Path, count: int) -> None:
    path = tmp_path / "spans.parquet"
    assert write_rows(path, Span, spans(count)) == count
    assert list(read_rows(path, Span)) == spans(count)
    groups = [read_group(path, Span, number) for number in range(count_groups(path))]
    assert [len(group) for group in groups[:-1]] == [ROWS_PER_GROUP] * (len(groups) - 1)
    assert len(groups) == -(-count // ROWS_PER_GROUP)
    assert [span for group in groups for span in group] == spans(count)


def test_rows_are_written_as_they_come(tmp_path: Path) -> None:
    """Never more than a group is held: the file grows between the rows."""
    path = tmp_path / "spans.parquet"
    sizes = []

    def rows() -> Iterator[Span]:
        for span in spans(3 * ROWS_PER_GROUP):
            sizes.append(path.stat().st_size)
            yield span

    write_rows(path, Span, rows())
    assert len(set(sizes)) >= 3


def test_same_rows_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_rows(tmp_path / name, Span, spans(200), {"about": "x"})
    write_rows(tmp_path / "other", Span, spans(201), {"about": "x"})
    one, two, other = ((tmp_path / name).read_bytes() for name in ("one", "two", "other"))
    assert one == two != other


def test_a_missing_value_is_refused_where_there_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="null"):
        write_rows(tmp_path / "labels.parquet", Label, [Label(1, None)])  # type: ignore[arg-type]  # the fault tested


def test_about_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "spans.parquet"
    write_rows(path, Span, [], {"memcurate.about.title": "Bücher"})
    assert read_about(path) == {"memcurate.schema": SCHEMA_VERSION, "memcurate.about.title": "Bücher"}


@pytest.mark.parametrize("content", [None, b"", b"no Parquet", b"PAR1" + bytes(100) + b"PAR1"])
def test_a_file_that_is_missing_or_no_parquet(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "rows.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MemcurateError, match="dvc repro") as caught:
        read_about(path)
    assert str(path) in str(caught.value)
    with pytest.raises(MemcurateError, match="dvc repro"):
        list(read_rows(path, Span))
    with pytest.raises(MemcurateError, match="dvc repro"):
        count_groups(path)


def test_a_truncated_file(tmp_path: Path) -> None:
    path = tmp_path / "spans.parquet"
    write_rows(path, Span, spans(100))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(MemcurateError, match=r"spans\.parquet.*dvc repro"):
        list(read_rows(path, Span))


def test_a_file_damaged_inside(tmp_path: Path) -> None:
    path = tmp_path / "spans.parquet"
    write_rows(path, Span, spans(100))
    content = path.read_bytes()
    path.write_bytes(content[:4] + bytes(200) + content[204:])
    with pytest.raises(MemcurateError, match=r"spans\.parquet"):
        list(read_rows(path, Span))


def read_all(path: Path) -> list[Callable[[], object]]:
    """Every reader, of a shape that has an id."""

    def columns() -> object:
        return list(column_groups(path, Segment))

    target = path.with_name("copied.parquet")
    return [
        lambda: list(read_rows(path, Segment)),
        lambda: read_row(path, Segment, "s/1"),
        lambda: read_group(path, Segment, 0),
        lambda: read_columns(path, Segment, 0, ["id", "text"]),
        lambda: copy_rows([path], target, Segment, {"s/1"}, {}),
        columns,
    ]


def segments(count: int) -> list[Segment]:
    return [
        Segment(f"s/{n}", Span("f", "", 0, 1), "d", None, None, None, None, f"text {n}") for n in range(count)
    ]


def in_columns(**changed: Any) -> pa.Table:
    """Segments as a table, with other columns or without some (None)."""
    schema = arrow_schema(Segment)
    table = pa.Table.from_pylist([to_row(one) for one in segments(2)], schema=schema)
    for name, column in changed.items():
        place = table.schema.get_field_index(name)
        table = table.remove_column(place) if column is None else table.set_column(place, name, column)
    return table.replace_schema_metadata(schema.metadata)


def not_text() -> pa.Array:
    offsets = pa.array([0, 1, 2], pa.int32()).buffers()[1]
    return pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"\xff\xfe")])


OTHERS = {
    "without its id": (in_columns(id=None), "has no column id, so that it is another file"),
    "a list for an id": (
        in_columns(id=pa.array([["s/1"], ["s/2"]])),
        "column id is list<.*string is expected",
    ),
    "numbers for text": (
        in_columns(text=pa.array([1, 2])),
        "column text is int64 or null, and string is expected",
    ),
    "null for text": (in_columns(text=pa.array(["a", None])), "column text is string or null"),
    "a struct without a part": (
        in_columns(raw=pa.array([{"file": "f"}] * 2)),
        "column raw.file is string or null",
    ),
    "text that is not UTF-8": (in_columns(id=pa.array(["s/1", "s/2"]), text=not_text()), "."),
}


@pytest.mark.parametrize("what", OTHERS)
def test_a_file_of_another_shape_is_an_error_of_every_reader(what: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    table, message = OTHERS[what]
    pq.write_table(table, path)
    for read in read_all(path):
        with pytest.raises(MemcurateError, match=rf"rows\.parquet.*{message}.*dvc repro"):
            read()


def test_strings_that_are_not_utf_8_are_an_error_of_every_reader(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    table = in_columns()
    place = table.schema.get_field_index("text")
    field = arrow_schema(Segment).field("text")
    pq.write_table(table.set_column(place, field, not_text()), path)
    for read in read_all(path):
        with pytest.raises(MemcurateError, match=r"rows\.parquet: cannot be read as Parquet.*dvc repro"):
            read()


def test_a_damaged_page_is_an_error_of_every_reader(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    write_rows(path, Segment, segments(100))
    content = path.read_bytes()
    path.write_bytes(content[:4] + b"\xff" * 8 + content[12:])
    for read in read_all(path):
        with pytest.raises(MemcurateError, match=r"rows\.parquet: cannot be read as Parquet.*dvc repro"):
            read()


def test_a_row_by_its_id(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    rows = segments(200)
    write_rows(path, Segment, rows)
    assert [read_row(path, Segment, one.id) for one in (rows[0], rows[150])] == [rows[0], rows[150]]
    assert read_row(path, Segment, "s/none") is None


def test_a_shape_without_ids_has_no_row_by_id(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    write_rows(path, Span, spans(3))
    with pytest.raises(MemcurateError, match=r"rows\.parquet.*id"):
        read_row(path, Span, "x")


@pytest.mark.parametrize("version", ["0", None])
def test_another_schema_version(tmp_path: Path, version: str | None) -> None:
    path = tmp_path / "rows.parquet"
    metadata = {"memcurate.schema": version} if version else None
    pq.write_table(pa.table({"a": [1]}).replace_schema_metadata(metadata), path)
    with pytest.raises(MemcurateError) as caught:
        read_about(path)
    for part in (str(path), f"schema version {version or 'none'}", f"version {SCHEMA_VERSION}", "dvc repro"):
        assert part in str(caught.value)
    with pytest.raises(MemcurateError):
        list(read_rows(path, Span))
    with pytest.raises(MemcurateError):
        count_groups(path)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_field_on_disk_is_documented(tmp_path: Path, shape: type) -> None:
    path = tmp_path / "rows.parquet"
    write_rows(path, shape, [])

    def fields(parents: list[pa.Field]) -> Iterator[pa.Field]:
        for field in parents:
            yield field
            inner = field.type.value_type if pa.types.is_list(field.type) else field.type
            if pa.types.is_struct(inner):
                yield from fields([inner.field(number) for number in range(inner.num_fields)])

    found = list(fields(list(pq.read_schema(path))))
    assert len(found) > len(get_type_hints(shape)) - 1
    assert [field.name for field in found if not (field.metadata or {}).get(b"doc", b"").strip()] == []


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "data" / "chunks" / "made"
    with whole_folder(target) as folder:
        (folder / "rows").write_text("x")
        assert not target.exists()
        assert folder.parent != target.parent
        assert target.parent not in folder.parents
    assert [path.name for path in target.iterdir()] == ["rows"]
    assert not folder.exists()


@pytest.mark.parametrize("error", [MemcurateError, OSError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "data" / "chunks" / "made"
    with pytest.raises(error), whole_folder(target) as folder:
        (folder / "rows").write_text("x")
        raise error
    assert not target.exists()
    assert tree(tmp_path) == {}


def test_an_error_leaves_the_old_folder(tmp_path: Path) -> None:
    target = tmp_path / "data" / "chunks" / "made"
    target.mkdir(parents=True)
    (target / "old").write_text("x")
    before = tree(tmp_path)
    with pytest.raises(MemcurateError), whole_folder(target) as folder:
        (folder / "rows").write_text("x")
        raise MemcurateError
    assert tree(tmp_path) == before


def test_an_old_folder_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "data" / "chunks" / "made"
    target.mkdir(parents=True)
    (target / "old").write_text("x")
    with whole_folder(target) as folder:
        (folder / "new").write_text("y")
    assert [path.name for path in target.iterdir()] == ["new"]


def test_json_is_the_same_for_the_same_values(tmp_path: Path) -> None:
    for name, value in (("one", {"b": 1, "a": "ü"}), ("two", {"a": "ü", "b": 1})):
        write_json(tmp_path / name / "x.json", value)
    expected = '{\n  "a": "ü",\n  "b": 1\n}\n'
    assert (tmp_path / "one/x.json").read_text() == (tmp_path / "two/x.json").read_text() == expected
    assert len(tree(tmp_path)) == 2
