"""The response cache as a file, and its export to a file that is versioned."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.params import ResponseCacheFile
from pipeline.llm.cache_export import export_responses, import_responses
from pipeline.llm.response_cache import LLMResponse, ResponseCache
from tests.conftest import ROOT
from tests.pipeline.llm.factories import MODEL, make_jobs, run_jobs
from tests.pipeline.llm.fault_server import serving


def make_response(key: str, text: str | None, final: bool = True) -> LLMResponse:
    reason = None if text is not None else "no answer"
    return LLMResponse(key, "m", text, reason, None, final, 10, None, 0.5)


@pytest.fixture
def cache(tmp_path: Path) -> ResponseCache:
    return ResponseCache(tmp_path / "answers.sqlite")


def test_the_first_final_response_stays(cache: ResponseCache, tmp_path: Path) -> None:
    other = ResponseCache(tmp_path / "answers.sqlite")  # as another process
    assert cache.put(make_response("a", "one")).text == "one"
    assert other.put(make_response("a", "two")).text == "one"
    assert other.get("a") == make_response("a", "one") and other.get("b") is None


def test_a_final_response_replaces_a_failure(cache: ResponseCache) -> None:
    cache.put(make_response("a", None, final=False))
    assert cache.put(make_response("a", "one")).text == "one"
    assert cache.put(make_response("a", None, final=False)).text == "one"


def test_a_file_that_is_not_a_cache_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database " * 100)
    with pytest.raises(MemcurateError, match=r"text cannot be opened.*MEMCURATE_ENDPOINT_CACHE_PATH"):
        ResponseCache(tmp_path / "text")
    later = sqlite3.connect(tmp_path / "later")
    later.execute("pragma user_version = 9")
    later.close()
    with pytest.raises(MemcurateError, match="response cache of version 9, this memcurate reads 1"):
        ResponseCache(tmp_path / "later")


def test_equal_responses_are_exported_as_equal_files(cache: ResponseCache, tmp_path: Path) -> None:
    for key in ("b", "a", "c"):
        cache.put(make_response(key, f"said {key}"))
    assert export_responses(cache, ["c", "a", "a"], tmp_path / "one.parquet") == 2
    other = ResponseCache(tmp_path / "other.sqlite")
    assert import_responses(tmp_path / "one.parquet", other) == 2
    assert list(other) == [make_response("a", "said a"), make_response("c", "said c")]
    export_responses(other, {"a", "c"}, tmp_path / "two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_an_export_with_missing_responses_is_refused(cache: ResponseCache, tmp_path: Path) -> None:
    cache.put(make_response("a", "one"))
    with pytest.raises(MemcurateError, match="lacks 1 of the 2 responses that this build used"):
        export_responses(cache, ["a", "b"], tmp_path / "one.parquet")
    assert not list(tmp_path.glob("*.parquet"))


def test_the_error_names_a_file_that_cannot_be_written_or_read(cache: ResponseCache, tmp_path: Path) -> None:
    cache.put(make_response("a", "one"))
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for target, named in ((tmp_path / "file" / "a.parquet", "file"), (tmp_path / "folder", "folder")):
        with pytest.raises(MemcurateError, match=str(tmp_path / named)):
            export_responses(cache, ["a"], target)
    assert not list(tmp_path.rglob("*.partial"))
    for path in (tmp_path / "none.parquet", tmp_path / "folder"):
        with pytest.raises(MemcurateError, match="is not a file: name one"):
            import_responses(path, cache)


def test_failures_in_a_pinned_file_are_final(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise they would be sent and paid for each time, and never count."""
    with serving(lambda message, before: "400" if message == "question 1" else "answer") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        pinned_results = run_jobs(make_jobs(3), MODEL, "items")
        path = tmp_path / "answers.parquet"
        kept = ResponseCache(tmp_path / "answers.sqlite")
        export_responses(kept, [key for one in pinned_results for key in one.response_keys], path)
        pinned_file = ResponseCacheFile(path=str(path), sha256=hashlib.sha256(path.read_bytes()).hexdigest())
        server.choose = lambda message, before: "answer"
        sent = len(server.requests)
        assert (
            run_jobs(make_jobs(3), MODEL.model_copy(update={"cached_responses": pinned_file}), "items")
            == pinned_results
        )
        assert len(server.requests) == sent
        assert all(
            one.reply for one in run_jobs(make_jobs(3), MODEL, "items")
        )  # without the file the request is sent again


def test_a_pinned_file_takes_precedence_over_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        pinned_results = run_jobs(make_jobs(5), MODEL, "items")
    keys = [key for one in pinned_results for key in one.response_keys]
    path = tmp_path / "answers.parquet"
    export_responses(ResponseCache(tmp_path / "answers.sqlite"), keys, path)

    monkeypatch.setenv("MEMCURATE_ENDPOINT_CACHE_PATH", str(tmp_path / "own.sqlite"))
    own = ResponseCache(tmp_path / "own.sqlite")
    for key in keys:
        own.put(make_response(key, '{"answer": "another"}'))
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MODE", "replay")
    pinned_file = ResponseCacheFile(path=str(path), sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    assert (
        run_jobs(make_jobs(5), MODEL.model_copy(update={"cached_responses": pinned_file}), "items")
        == pinned_results
    )
    assert [one.reply.answer for one in run_jobs(make_jobs(5), MODEL, "items") if one.reply] == [
        "another"
    ] * 5

    shutil.copy(path, tmp_path / "moved.parquet")
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(MemcurateError, match=r"answers.parquet has sha256 .* and params.yaml expects"):
        run_jobs(make_jobs(5), MODEL.model_copy(update={"cached_responses": pinned_file}), "items")
    path.unlink()
    with pytest.raises(MemcurateError, match="is not there: `dvc pull` it"):
        run_jobs(make_jobs(5), MODEL.model_copy(update={"cached_responses": pinned_file}), "items")


OPEN_SCRIPT = """
import sys, time
from pathlib import Path
from pipeline.llm.response_cache import LLMResponse, ResponseCache
path, number = Path(sys.argv[1]), sys.argv[2]
print(flush=True)
sys.stdin.readline()
for again in range(20):
    cache = ResponseCache(path / f"{again}.sqlite")
    key = f"{number} {again}"
    assert cache.claim(key)
    cache.put(LLMResponse(key, "m", "said", None, None, True, None, None, 0.1))
    cache.close()
"""


@pytest.mark.slow
def test_processes_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    """16 processes, 20 new files: 320 first opens, each with a claim and an answer."""
    command = [sys.executable, "-c", OPEN_SCRIPT, str(tmp_path)]
    processes = [
        subprocess.Popen(
            [*command, str(number)], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for number in range(16)
    ]
    for process in processes:
        assert process.stdout and process.stdout.readline()
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.wait() for process in processes] == [0] * 16
    for again in range(20):
        assert len(list(ResponseCache(tmp_path / f"{again}.sqlite"))) == 16
        assert [one.name for one in (tmp_path / f".{again}.sqlite.locks").iterdir()] == ["setup"]


def test_lone_surrogates_are_replaced_before_they_are_stored(cache: ResponseCache) -> None:
    halved = LLMResponse(
        "k\ud83d", "m\ud83d", "a \ud83d\ude80 b \ud83d", "r\udc00", "d\udfff", True, 1, 2, 0.5
    )
    kept = cache.put(halved)
    assert kept == LLMResponse("k\ufffd", "m\ufffd", "a 🚀 b \ufffd", "r\ufffd", "d\ufffd", True, 1, 2, 0.5)
    assert list(cache) == [kept]


def test_a_claim_holds_until_it_is_released_or_has_a_final_response(
    cache: ResponseCache, tmp_path: Path
) -> None:
    other = ResponseCache(tmp_path / "answers.sqlite")  # as another process
    assert cache.claim("a") and not other.claim("a") and other.claim("b")
    cache.release("a")
    assert other.claim("a") and not cache.claim("a")
    other.put(make_response("a", None, final=False))
    other.release("a")
    assert cache.claim("a")  # a failed request may be sent again
    cache.put(make_response("a", "one"))
    cache.release("a")
    assert not cache.claim("a") and not other.claim("a")
    cache.claim("c")
    cache.close()
    assert other.claim("c")


def test_the_error_of_a_full_disk_says_what_to_do(cache: ResponseCache, tmp_path: Path) -> None:
    cache.put(make_response("a", "one"))
    cache._database.execute("pragma max_page_count = 6")
    with pytest.raises(MemcurateError, match=r"answers.sqlite .*full.*free space on its disk, and run again"):
        for number in range(1000):
            cache.put(make_response(str(number), "long " * 1000))
    assert ResponseCache(tmp_path / "answers.sqlite").get("a") == make_response("a", "one")


def test_the_error_of_a_file_that_cannot_be_opened_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for path in (tmp_path / "folder", tmp_path / "file" / "answers.sqlite"):
        with pytest.raises(MemcurateError, match=r"cannot be opened as .*make it a file that you may write"):
            ResponseCache(path)
    with sqlite3.connect(tmp_path / "other") as other:
        other.execute("create table answers (number integer)")
    with pytest.raises(MemcurateError, match=r"no such column: .*worth keeping"):
        ResponseCache(tmp_path / "other")


def test_the_error_of_a_damaged_file_says_how_to_recover_it(cache: ResponseCache, tmp_path: Path) -> None:
    for number in range(200):
        cache.put(make_response(f"{number:03}", "long " * 100))
    cache.close()
    path = tmp_path / "answers.sqlite"
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 8)
    damaged = ResponseCache(path)
    with pytest.raises(MemcurateError, match=r"cannot be used .*malformed.*worth keeping: run `sqlite3 FILE"):
        list(damaged)
    with pytest.raises(MemcurateError, match="worth keeping"):
        for number in range(200):
            damaged.put(make_response(f"{number:03}", "said"))


def test_a_row_of_another_type_is_an_error(cache: ResponseCache) -> None:
    cache._database.execute("insert into answers values ('a', 'm', 7, null, null, 1, 'many', null, 0)")
    with pytest.raises(MemcurateError, match="a row that is not a response"):
        cache.get("a")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_file_is_refused(cache: ResponseCache, tmp_path: Path) -> None:
    cache.close()
    (tmp_path / "answers.sqlite").chmod(0o400)
    with pytest.raises(MemcurateError, match="make it a file that you may write"):
        ResponseCache(tmp_path / "answers.sqlite")
