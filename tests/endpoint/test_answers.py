"""The answer cache as a file, and its answers as a file that is versioned."""

import hashlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from pipeline.endpoint.answers import Answer, AnswerCache
from pipeline.endpoint.exchange import bring_in, export
from pipeline.errors import MemcurateError
from pipeline.params import AnswersFile
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
