"""A document is built text by text; a time of another form than the stored one is an error at once."""

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.sources.document_builder import DocumentBuilder


@pytest.mark.parametrize("time", [None, "2024-02-29 23:59"])
def test_a_time_is_kept(time: str | None) -> None:
    segment = DocumentBuilder("made", "a.txt", "a").add(" Hi. ", start=7, time=time)
    assert segment is not None and segment.time == time
    assert (segment.source_span.start, segment.source_span.end) == (8, 11)


@pytest.mark.parametrize(
    "time",
    [
        "",
        "2024-02-30 10:00",
        "2024-02-29T10:00",
        "2024-02-29",
        "2024-02-29 10:00:00",
        "2024-W09-4 10:00",
        "noon",
    ],
)
def test_a_time_of_another_form_is_an_error_that_says_the_form(time: str) -> None:
    builder = DocumentBuilder("made", "a.json", "a")
    with pytest.raises(MemcurateError, match=r"^a\.json#/3/text: a text has the time .*YYYY-MM-DD HH:MM"):
        builder.add("Hi.", record="/3/text", time=time)
