"""Rows are read back as they were written, and damaged or foreign files are errors."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.atomic import atomic_folder, write_json
from pipeline.core.columns import from_row, to_row
from pipeline.core.errors import MemcurateError
from pipeline.core.schema import (
    SCHEMA_VERSION,
    Instance,
    InstanceProjection,
    InstanceQuestion,
    Label,
    PiiFinding,
    Question,
    Reject,
    Segment,
    Span,
    arrow_schema,
)
from pipeline.core.storage import (
    ROWS_PER_GROUP,
    RowSelection,
    copy_rows,
    count_row_groups,
    find_parts,
    find_split_files,
    iter_row_groups,
    read_columns,
    read_matching_rows,
    read_metadata,
    read_row,
    read_row_group,
    read_rows,
    write_rows,
)
from tests.integration.project import tree

ROW_TYPES = [Instance, InstanceQuestion, Question, Reject, Segment, PiiFinding]


def values_of_type(hint: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for all values of a type that Arrow can hold."""
    if hint is str:
        return st.text(max_size=12)
    if hint is int:
        return st.integers(-(2**63), 2**63 - 1)
    if hint is type(None):
        return st.none()
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) in (list, Sequence):
        return st.lists(values_of_type(get_args(hint)[0]), max_size=2)
    if get_origin(hint) in (UnionType, Union):
        return st.one_of(*map(values_of_type, get_args(hint)))
    return st.builds(hint, **{name: values_of_type(each) for name, each in get_type_hints(hint).items()})


def make_spans(count: int) -> list[Span]:
    return [Span("a file", f"/{number}", number, number + 1) for number in range(count)]


@pytest.mark.parametrize("row_type", ROW_TYPES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_rows_are_read_back_as_written(
    row_type: type, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = data.draw(st.lists(values_of_type(row_type), max_size=3))
    path = tmp_path_factory.getbasetemp() / f"{row_type.__name__}.parquet"
    assert write_rows(path, row_type, iter(rows)) == len(rows)
    assert list(read_rows(path, row_type)) == rows
    assert [from_row(row_type, to_row(row)) for row in rows] == rows
    assert pq.read_schema(path).equals(arrow_schema(row_type), check_metadata=True)


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(values_of_type(Instance), min_size=1, max_size=3))
def test_a_projection_has_the_values_of_the_whole_row(
    rows: list[Instance], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "wholes.parquet"
    write_rows(path, Instance, rows)
    projections = [from_row(InstanceProjection, to_row(row)) for row in rows]
    assert (
        list(read_rows(path, InstanceProjection))
        == read_row_group(path, InstanceProjection, 0)
        == projections
    )


def test_selected_rows_are_copied(tmp_path: Path) -> None:
    """The copy keeps the order, over several files and row groups."""

    def make_segment(number: int) -> Segment:
        return Segment(f"s/{number:03}", Span("f", "", 0, 1), "d", None, None, None, None, "x")

    rows = [make_segment(number) for number in range(400)]
    write_rows(tmp_path / "one", Segment, rows[:150])
    write_rows(tmp_path / "two", Segment, rows[150:])
    one = [RowSelection(tmp_path / "one", 0, list(range(0, 64, 3)))]
    one.append(RowSelection(tmp_path / "one", 2, [1, 4, 21]))
    two = [RowSelection(tmp_path / "two", 3, [0, 57])]
    assert copy_rows([*one, *two], tmp_path / "both", Segment, {}) == 27
    assert list(read_rows(tmp_path / "both", Segment)) == [
        *rows[:64:3],
        *(rows[number] for number in (129, 132, 149, 342, 399)),
    ]
    assert pq.read_schema(tmp_path / "both").equals(arrow_schema(Segment), check_metadata=True)
    copy_rows(one, tmp_path / "same", Segment, {"speaker": "Ada"})
    assert {row.speaker for row in read_rows(tmp_path / "same", Segment)} == {"Ada"}
    assert pq.read_schema(tmp_path / "same").equals(arrow_schema(Segment), check_metadata=True)


@pytest.mark.parametrize("count", [0, 1, ROWS_PER_GROUP, ROWS_PER_GROUP + 1, 3 * ROWS_PER_GROUP + 7])
def test_rows_are_divided_into_row_groups(tmp_path: Path, count: int) -> None:
    path = tmp_path / "spans.parquet"
    assert write_rows(path, Span, make_spans(count)) == count
    assert list(read_rows(path, Span)) == make_spans(count)
    groups = [read_row_group(path, Span, number) for number in range(count_row_groups(path))]
    assert [len(group) for group in groups[:-1]] == [ROWS_PER_GROUP] * (len(groups) - 1)
    assert len(groups) == -(-count // ROWS_PER_GROUP)
    assert [span for group in groups for span in group] == make_spans(count)


def test_rows_are_streamed_to_the_file(tmp_path: Path) -> None:
    """At most one row group is in memory: the file grows between the rows."""
    path = tmp_path / "spans.parquet"
    sizes = []

    def rows() -> Iterator[Span]:
        for span in make_spans(3 * ROWS_PER_GROUP):
            sizes.append(path.stat().st_size)
            yield span

    write_rows(path, Span, rows())
    assert len(set(sizes)) >= 3


def test_same_rows_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_rows(tmp_path / name, Span, make_spans(200), {"about": "x"})
    write_rows(tmp_path / "other", Span, make_spans(201), {"about": "x"})
    one, two, other = ((tmp_path / name).read_bytes() for name in ("one", "two", "other"))
    assert one == two != other


def test_a_missing_value_is_refused_where_there_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="null"):
        write_rows(tmp_path / "labels.parquet", Label, [Label(1, None)])  # type: ignore[arg-type]  # the fault tested


def test_metadata_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "spans.parquet"
    write_rows(path, Span, [], {"memcurate.about.title": "Bücher"})
    assert read_metadata(path) == {"memcurate.schema": SCHEMA_VERSION, "memcurate.about.title": "Bücher"}


@pytest.mark.parametrize("content", [None, b"", b"no Parquet", b"PAR1" + bytes(100) + b"PAR1"])
def test_a_file_that_is_missing_or_not_parquet_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "rows.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MemcurateError, match="dvc repro") as caught:
        read_metadata(path)
    assert str(path) in str(caught.value)
    with pytest.raises(MemcurateError, match="dvc repro"):
        list(read_rows(path, Span))
    with pytest.raises(MemcurateError, match="dvc repro"):
        count_row_groups(path)


def test_a_truncated_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "spans.parquet"
    write_rows(path, Span, make_spans(100))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(MemcurateError, match=r"spans\.parquet.*dvc repro"):
        list(read_rows(path, Span))


def test_a_file_damaged_inside_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "spans.parquet"
    write_rows(path, Span, make_spans(100))
    content = path.read_bytes()
    path.write_bytes(content[:4] + bytes(200) + content[204:])
    with pytest.raises(MemcurateError, match=r"spans\.parquet"):
        list(read_rows(path, Span))


def reader_calls(path: Path) -> list[Callable[[], object]]:
    """Return calls of every reader, for a row type with an id."""

    def columns() -> object:
        return list(iter_row_groups(path, Segment))

    target = path.with_name("copied.parquet")
    return [
        lambda: list(read_rows(path, Segment)),
        lambda: list(read_matching_rows(path, Segment, "id", ["s/0", "s/1", "s/2"])),
        lambda: read_row(path, Segment, "s/1"),
        lambda: read_row_group(path, Segment, 0),
        lambda: read_columns(path, Segment, 0, ["id", "text"]),
        lambda: copy_rows([RowSelection(path, 0, [1])], target, Segment, {}),
        columns,
    ]


def make_segments(count: int) -> list[Segment]:
    return [
        Segment(f"s/{n}", Span("f", "", 0, 1), "d", None, None, None, None, f"text {n}") for n in range(count)
    ]


def make_table(**changed: Any) -> pa.Table:
    """Build a table of segments, with some columns replaced, or removed (None)."""
    schema = arrow_schema(Segment)
    table = pa.Table.from_pylist([to_row(segment) for segment in make_segments(2)], schema=schema)
    for name, column in changed.items():
        index = table.schema.get_field_index(name)
        table = table.remove_column(index) if column is None else table.set_column(index, name, column)
    return table.replace_schema_metadata(schema.metadata)


def make_invalid_text() -> pa.Array:
    offsets = pa.array([0, 1, 2], pa.int32()).buffers()[1]
    return pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"\xff\xfe")])


FOREIGN_TABLES = {
    "without its id": (make_table(id=None), "has no column id, so it holds other rows"),
    "a list for an id": (
        make_table(id=pa.array([["s/1"], ["s/2"]])),
        "column id is list<.*string is expected",
    ),
    "numbers for text": (
        make_table(text=pa.array([1, 2])),
        "column text is int64 or null, and string is expected",
    ),
    "null for text": (make_table(text=pa.array(["a", None])), "column text is string or null"),
    "a struct without a part": (
        make_table(source_span=pa.array([{"file": "f"}] * 2)),
        "column source_span.file is string or null",
    ),
    "text that is not UTF-8": (make_table(id=pa.array(["s/1", "s/2"]), text=make_invalid_text()), "."),
}


@pytest.mark.parametrize("case", FOREIGN_TABLES)
def test_a_file_of_another_row_type_is_an_error_of_every_reader(case: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    table, message = FOREIGN_TABLES[case]
    pq.write_table(table, path)
    for read in reader_calls(path):
        with pytest.raises(MemcurateError, match=rf"rows\.parquet.*{message}.*dvc repro"):
            read()


def test_strings_that_are_not_utf_8_are_an_error_of_every_reader(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    table = make_table()
    index = table.schema.get_field_index("text")
    field = arrow_schema(Segment).field("text")
    pq.write_table(table.set_column(index, field, make_invalid_text()), path)
    for read in reader_calls(path):
        with pytest.raises(MemcurateError, match=r"rows\.parquet: cannot be read as Parquet.*dvc repro"):
            read()


def test_a_damaged_page_is_an_error_of_every_reader(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    write_rows(path, Segment, make_segments(100))
    content = path.read_bytes()
    path.write_bytes(content[:4] + b"\xff" * 8 + content[12:])
    for read in reader_calls(path):
        with pytest.raises(MemcurateError, match=r"rows\.parquet: cannot be read as Parquet.*dvc repro"):
            read()


def test_a_row_is_found_by_its_id(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    rows = make_segments(200)
    write_rows(path, Segment, rows)
    assert [read_row(path, Segment, row.id) for row in (rows[0], rows[150])] == [rows[0], rows[150]]
    assert read_row(path, Segment, "s/none") is None


def test_matching_rows_are_those_with_a_value(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    rows = make_segments(200)
    write_rows(path, Segment, rows)
    wanted = {rows[3].id, rows[150].id, "s/none"}
    assert list(read_matching_rows(path, Segment, "id", wanted)) == [rows[3], rows[150]]
    assert list(read_matching_rows(path, Segment, "id", [])) == []


def test_looking_up_an_id_in_rows_without_ids_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    write_rows(path, Span, make_spans(3))
    with pytest.raises(MemcurateError, match=r"rows\.parquet.*id"):
        read_row(path, Span, "x")


@pytest.mark.parametrize("version", ["0", None])
def test_another_schema_version_is_an_error(tmp_path: Path, version: str | None) -> None:
    path = tmp_path / "rows.parquet"
    metadata = {"memcurate.schema": version} if version else None
    pq.write_table(pa.table({"a": [1]}).replace_schema_metadata(metadata), path)
    with pytest.raises(MemcurateError) as caught:
        read_metadata(path)
    for part in (str(path), f"schema version {version or 'none'}", f"version {SCHEMA_VERSION}", "dvc repro"):
        assert part in str(caught.value)
    with pytest.raises(MemcurateError):
        list(read_rows(path, Span))
    with pytest.raises(MemcurateError):
        count_row_groups(path)


@pytest.mark.parametrize("row_type", ROW_TYPES)
def test_every_field_on_disk_is_documented(tmp_path: Path, row_type: type) -> None:
    path = tmp_path / "rows.parquet"
    write_rows(path, row_type, [])

    def fields(parents: list[pa.Field]) -> Iterator[pa.Field]:
        for field in parents:
            yield field
            inner = field.type.value_type if pa.types.is_list(field.type) else field.type
            if pa.types.is_struct(inner):
                yield from fields([inner.field(number) for number in range(inner.num_fields)])

    found = list(fields(list(pq.read_schema(path))))
    assert len(found) > len(get_type_hints(row_type)) - 1
    assert [field.name for field in found if not (field.metadata or {}).get(b"doc", b"").strip()] == []


def test_a_folder_appears_only_when_complete(tmp_path: Path) -> None:
    target = tmp_path / "data" / "chunks" / "made"
    with atomic_folder(target) as folder:
        (folder / "rows").write_text("x")
        assert not target.exists()
        assert folder.parent != target.parent
        assert target.parent not in folder.parents
    assert [path.name for path in target.iterdir()] == ["rows"]
    assert not folder.exists()


@pytest.mark.parametrize("error", [MemcurateError, OSError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_no_files(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "data" / "chunks" / "made"
    with pytest.raises(error), atomic_folder(target) as folder:
        (folder / "rows").write_text("x")
        raise error
    assert not target.exists()
    assert tree(tmp_path) == {}


def test_an_error_leaves_the_old_folder(tmp_path: Path) -> None:
    target = tmp_path / "data" / "chunks" / "made"
    target.mkdir(parents=True)
    (target / "old").write_text("x")
    before = tree(tmp_path)
    with pytest.raises(MemcurateError), atomic_folder(target) as folder:
        (folder / "rows").write_text("x")
        raise MemcurateError
    assert tree(tmp_path) == before


def test_an_old_folder_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "data" / "chunks" / "made"
    target.mkdir(parents=True)
    (target / "old").write_text("x")
    with atomic_folder(target) as folder:
        (folder / "new").write_text("y")
    assert [path.name for path in target.iterdir()] == ["new"]


def test_equal_values_give_the_same_json(tmp_path: Path) -> None:
    for name, value in (("one", {"b": 1, "a": "ü"}), ("two", {"a": "ü", "b": 1})):
        write_json(tmp_path / name / "x.json", value)
    expected = '{\n  "a": "ü",\n  "b": 1\n}\n'
    assert (tmp_path / "one/x.json").read_text() == (tmp_path / "two/x.json").read_text() == expected
    assert len(tree(tmp_path)) == 2


def test_parts_are_found_in_order(tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    assert find_parts(path) == [path]
    names = [f"train-{number:05}-of-00011.parquet" for number in range(11)]
    for name in reversed(names):
        (tmp_path / name).touch()
    assert [part.name for part in find_parts(path)] == names
    assert list(find_split_files(tmp_path)) == ["train", "test"]
    (tmp_path / names[4]).unlink()
    with pytest.raises(MemcurateError, match="parts are missing"):
        find_parts(path)
    path.touch()
    assert find_parts(path) == [path]
