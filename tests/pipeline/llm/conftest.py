"""A response cache of its own for each test, and short waits."""

from pathlib import Path

import pytest

from pipeline.llm import adaptive_concurrency, failed_attempt


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_CACHE_PATH", str(tmp_path / "answers.sqlite"))
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_CONCURRENCY", "8")
    # The waits of a real server are seconds: here they keep their shape.
    monkeypatch.setattr(failed_attempt, "_INITIAL_BACKOFF", 0.01)
    monkeypatch.setattr(adaptive_concurrency, "_FIRST_HOLD", 0.01)
