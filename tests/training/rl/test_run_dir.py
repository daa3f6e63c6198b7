"""The folder of a training run: checkpoints, log, lock and hash."""

from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from training.rl.run_dir import RunDir, hash_run


def test_an_incomplete_checkpoint_is_removed(tmp_path: Path) -> None:
    run_dir = RunDir(tmp_path / "run")
    for update, is_complete in ((2, True), (4, True), (6, False)):
        (run_dir.checkpoints_dir / f"checkpoint-{update}").mkdir(parents=True)
        if is_complete:
            (run_dir.checkpoints_dir / f"checkpoint-{update}" / "whole").touch()
    last = run_dir.find_last_checkpoint()
    assert last is not None and last.name == "checkpoint-4"
    assert not (run_dir.checkpoints_dir / "checkpoint-6").exists()


def test_a_log_is_truncated_to_its_checkpoint(tmp_path: Path) -> None:
    run_dir = RunDir(tmp_path)
    for update in (1, 2, 3):
        run_dir.log_metrics(update, {"reward": update / 10})
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"update": 4, "rew')  # a killed run may leave half a line
    run_dir.truncate_log(2)
    assert [line["update"] for line in run_dir.read_log()] == [1, 2]


def test_a_folder_in_use_is_an_error(tmp_path: Path) -> None:
    first, second = RunDir(tmp_path), RunDir(tmp_path)
    with first.hold_lock(), pytest.raises(MemcurateError, match="is in use"), second.hold_lock():
        pass


def test_other_files_or_settings_have_another_hash(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_bytes(b"one")
    first = hash_run([file], {"seed": 1})
    assert first == hash_run([file], {"seed": 1}) != hash_run([file], {"seed": 2})
    file.write_bytes(b"two")
    assert hash_run([file], {"seed": 1}) != first


def test_a_half_removed_folder_is_not_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_dir = RunDir(tmp_path / "run")
    (run_dir.checkpoints_dir / "checkpoint-2").mkdir(parents=True)
    (run_dir.checkpoints_dir / "checkpoint-2" / "whole").touch()
    with monkeypatch.context() as patched:
        patched.setattr("shutil.rmtree", lambda *_, **__: None)  # killed before the first file is removed
        run_dir.remove()
    assert run_dir.find_last_checkpoint() is None
    run_dir.checkpoints_dir.mkdir(parents=True)
    run_dir.remove()
    assert list(tmp_path.iterdir()) == []
