"""The answer cache as a file, and its answers as a file that is versioned."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.endpoint.answers import Answer, AnswerCache
from pipeline.endpoint.exchange import bring_in, export
from pipeline.errors import MemcurateError
from pipeline.params import AnswersFile
from tests.conftest import ROOT
from tests.endpoint.conftest import HOW, ask, items
from tests.endpoint.faults import serving


def answer(key: str, text: str | None, final: bool = True) -> Answer:
    reason = None if text is not None else "no answer"
    return Answer(key, "m", text, reason, None, final, 10, None, 0.5)


@pytest.fixture
def cache(tmp_path: Path) -> AnswerCache:
    return AnswerCache(tmp_path / "answers.sqlite")


def test_the_first_answer_stays(cache: AnswerCache, tmp_path: Path) -> None:
    other = AnswerCache(tmp_path / "answers.sqlite")  # as another process
    assert cache.keep(answer("a", "one")).text == "one"
    assert other.keep(answer("a", "two")).text == "one"
    assert other.get("a") == answer("a", "one") and other.get("b") is None


def test_an_answer_takes_the_place_of_a_passing_failure(cache: AnswerCache) -> None:
    cache.keep(answer("a", None, final=False))
    assert cache.keep(answer("a", "one")).text == "one"
    assert cache.keep(answer("a", None, final=False)).text == "one"


def test_files_that_are_no_cache(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database " * 100)
    with pytest.raises(MemcurateError, match=r"text cannot be opened.*MEMCURATE_ENDPOINT_ANSWERS"):
        AnswerCache(tmp_path / "text")
    later = sqlite3.connect(tmp_path / "later")
    later.execute("pragma user_version = 9")
    later.close()
    with pytest.raises(MemcurateError, match="answer cache of version 9, this memcurate reads 1"):
        AnswerCache(tmp_path / "later")


def test_the_same_answers_are_the_same_file(cache: AnswerCache, tmp_path: Path) -> None:
    for key in ("b", "a", "c"):
        cache.keep(answer(key, f"said {key}"))
    assert export(cache, ["c", "a", "a"], tmp_path / "one.parquet") == 2
    other = AnswerCache(tmp_path / "other.sqlite")
    assert bring_in(tmp_path / "one.parquet", other) == 2
    assert list(other) == [answer("a", "said a"), answer("c", "said c")]
    export(other, {"a", "c"}, tmp_path / "two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_an_export_lacks_nothing(cache: AnswerCache, tmp_path: Path) -> None:
    cache.keep(answer("a", "one"))
    with pytest.raises(MemcurateError, match="1 of the 2 answers that this build used are not kept here"):
        export(cache, ["a", "b"], tmp_path / "one.parquet")
    assert not list(tmp_path.glob("*.parquet"))


def test_files_that_cannot_be_written_or_read(cache: AnswerCache, tmp_path: Path) -> None:
    cache.keep(answer("a", "one"))
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for target, named in ((tmp_path / "file" / "a.parquet", "file"), (tmp_path / "folder", "folder")):
        with pytest.raises(MemcurateError, match=str(tmp_path / named)):
            export(cache, ["a"], target)
    assert not list(tmp_path.rglob("*.partial"))
    for path in (tmp_path / "none.parquet", tmp_path / "folder"):
        with pytest.raises(MemcurateError, match="is not a file: name one"):
            bring_in(path, cache)


def test_failures_of_a_file_that_params_name_are_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked again, their answers would be paid for each time and never count."""
    with serving(lambda message, before: "400" if message == "question 1" else "answer") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        theirs = ask(items(3), HOW, "items")
        path = tmp_path / "answers.parquet"
        kept = AnswerCache(tmp_path / "answers.sqlite")
        export(kept, [key for one in theirs for key in one.keys], path)
        named = AnswersFile(path=str(path), sha256=hashlib.sha256(path.read_bytes()).hexdigest())
        server.choose = lambda message, before: "answer"
        sent = len(server.requests)
        assert ask(items(3), HOW.model_copy(update={"answers": named}), "items") == theirs
        assert len(server.requests) == sent
        assert all(one.reply for one in ask(items(3), HOW, "items"))  # without the file it is asked again


def test_a_file_that_params_name_goes_before_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is in the cache of whoever rebuilds: the file's answers count."""
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        theirs = ask(items(5), HOW, "items")
    keys = [key for one in theirs for key in one.keys]
    path = tmp_path / "answers.parquet"
    export(AnswerCache(tmp_path / "answers.sqlite"), keys, path)

    monkeypatch.setenv("MEMCURATE_ENDPOINT_ANSWERS", str(tmp_path / "own.sqlite"))
    own = AnswerCache(tmp_path / "own.sqlite")
    for key in keys:
        own.keep(answer(key, '{"answer": "another"}'))
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MODE", "replay")
    named = AnswersFile(path=str(path), sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    assert ask(items(5), HOW.model_copy(update={"answers": named}), "items") == theirs
    assert [one.reply.answer for one in ask(items(5), HOW, "items") if one.reply] == ["another"] * 5

    shutil.copy(path, tmp_path / "moved.parquet")
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(MemcurateError, match=r"answers.parquet has sha256 .* and params.yaml expects"):
        ask(items(5), HOW.model_copy(update={"answers": named}), "items")
    path.unlink()
    with pytest.raises(MemcurateError, match="is not there: `dvc pull` it"):
        ask(items(5), HOW.model_copy(update={"answers": named}), "items")


OPENING = """
import sys, time
from pathlib import Path
from pipeline.endpoint.answers import Answer, AnswerCache
path, number = Path(sys.argv[1]), sys.argv[2]
print(flush=True)
sys.stdin.readline()
for again in range(20):
    cache = AnswerCache(path / f"{again}.sqlite")
    key = f"{number} {again}"
    assert cache.claim(key)
    cache.keep(Answer(key, "m", "said", None, None, True, None, None, 0.1))
    cache.close()
"""


@pytest.mark.slow
def test_processes_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    """16 processes, 20 new files: 320 first opens, each with a claim and an answer."""
    command = [sys.executable, "-c", OPENING, str(tmp_path)]
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
        assert len(list(AnswerCache(tmp_path / f"{again}.sqlite"))) == 16
        assert [one.name for one in (tmp_path / f".{again}.sqlite.locks").iterdir()] == ["setup"]


def test_texts_that_utf8_lacks_are_mended_on_their_way_in(cache: AnswerCache) -> None:
    halved = Answer("k\ud83d", "m\ud83d", "a \ud83d\ude80 b \ud83d", "r\udc00", "d\udfff", True, 1, 2, 0.5)
    kept = cache.keep(halved)
    assert kept == Answer("k\ufffd", "m\ufffd", "a 🚀 b \ufffd", "r\ufffd", "d\ufffd", True, 1, 2, 0.5)
    assert list(cache) == [kept]


def test_a_claim_holds_until_it_is_released_or_answered(cache: AnswerCache, tmp_path: Path) -> None:
    other = AnswerCache(tmp_path / "answers.sqlite")  # as another process
    assert cache.claim("a") and not other.claim("a") and other.claim("b")
    cache.release("a")
    assert other.claim("a") and not cache.claim("a")
    other.keep(answer("a", None, final=False))
    other.release("a")
    assert cache.claim("a")  # what failed may be asked again
    cache.keep(answer("a", "one"))
    cache.release("a")
    assert not cache.claim("a") and not other.claim("a")
    cache.claim("c")
    cache.close()
    assert other.claim("c")


def test_a_full_disk(cache: AnswerCache, tmp_path: Path) -> None:
    cache.keep(answer("a", "one"))
    cache._database.execute("pragma max_page_count = 6")
    with pytest.raises(MemcurateError, match=r"answers.sqlite .*full.*make room on its disk, and run again"):
        for number in range(1000):
            cache.keep(answer(str(number), "long " * 1000))
    assert AnswerCache(tmp_path / "answers.sqlite").get("a") == answer("a", "one")


def test_what_cannot_be_opened_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for path in (tmp_path / "folder", tmp_path / "file" / "answers.sqlite"):
        with pytest.raises(MemcurateError, match=r"cannot be opened as .*make it a file that you may write"):
            AnswerCache(path)
    with sqlite3.connect(tmp_path / "other") as other:
        other.execute("create table answers (number integer)")
    with pytest.raises(MemcurateError, match=r"no such column: .*worth keeping"):
        AnswerCache(tmp_path / "other")


def test_a_damaged_file_is_not_to_be_thrown_away(cache: AnswerCache, tmp_path: Path) -> None:
    for number in range(200):
        cache.keep(answer(f"{number:03}", "long " * 100))
    cache.close()
    path = tmp_path / "answers.sqlite"
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 8)
    damaged = AnswerCache(path)
    with pytest.raises(MemcurateError, match=r"cannot be used .*malformed.*worth keeping: `sqlite3 FILE"):
        list(damaged)
    with pytest.raises(MemcurateError, match="worth keeping"):
        for number in range(200):
            damaged.keep(answer(f"{number:03}", "said"))


def test_a_row_of_another_shape(cache: AnswerCache) -> None:
    cache._database.execute("insert into answers values ('a', 'm', 7, null, null, 1, 'many', null, 0)")
    with pytest.raises(MemcurateError, match="a row that is not an answer"):
        cache.get("a")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_may_only_be_read(cache: AnswerCache, tmp_path: Path) -> None:
    cache.close()
    (tmp_path / "answers.sqlite").chmod(0o400)
    with pytest.raises(MemcurateError, match="make it a file that you may write"):
        AnswerCache(tmp_path / "answers.sqlite")
