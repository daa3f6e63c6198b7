"""The columns that a source names are told from its other keys by their descriptions."""

from pydantic import TypeAdapter

from pipeline.core.params.formats import FormatParams, get_named_columns


def find_columns(**keys: object) -> dict[str, str]:
    adapter: TypeAdapter[FormatParams] = TypeAdapter(FormatParams)
    return get_named_columns(adapter.validate_python(keys))


def test_columns_that_are_named_and_no_others() -> None:
    assert find_columns(name="timeline", time="at", speaker="who") == {"time": "at", "speaker": "who"}
    assert find_columns(name="messages", user=None) == {}
    assert find_columns(name="text", title="head", headings="none") == {"title": "head"}
    assert find_columns(name="label_lines", separator=":", skip="#") == {}
    assert find_columns(name="perltqa", memory_file="a.json") == {}
    assert find_columns(name="mail:Mail", encoding="latin-1") == {}
