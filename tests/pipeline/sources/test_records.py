"""A record that cannot be read is told by its line in the file, in whichever part of it stands."""

from pathlib import Path

import pytest

from pipeline.core.schema import Reject
from pipeline.sources.records import iter_records
from pipeline.sources.shards import plan_shards


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        (b'{"text": "cut', "it is not JSON: Unterminated string starting at line 57, column 10"),
        (b'{"text": "cut"', "it is not JSON: Expecting ',' delimiter at line 57, column 15"),
        (b'{"text": "\xe9"}', "line 57 is not UTF-8: its byte 10 is 0xe9"),
    ],
)
@pytest.mark.parametrize("shard_bytes", [1 << 20, 100])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_the_line_of_a_bad_record(
    line: bytes, detail: str, shard_bytes: int, line_end: bytes, tmp_path: Path
) -> None:
    good = b'{"text": "fine"}'
    (tmp_path / "a.jsonl").write_bytes(line_end.join([*[good] * 56, line, good, b""]))
    rejects: list[Reject] = []
    shards = list(plan_shards([tmp_path / "a.jsonl"], tmp_path, shard_bytes))
    assert (len(shards) > 1) == (shard_bytes == 100)
    records = [record for shard in shards for record in iter_records(shard, "made", rejects)]
    assert len(records) == 57
    (reject,) = rejects
    assert reject.detail == detail
    assert reject.source_span is not None and reject.source_span.record == "/56"
