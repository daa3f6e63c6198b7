"""What a change reruns, and dvc's own commands, on copies of a whole build."""

import json
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml

from pipeline.core.params import load_params
from tests.integration.conftest import Build
from tests.integration.project import change_params, clone, dvc, dvc_json, ran, run, tree

pytestmark = pytest.mark.slow

MAX_TOKENS = "sources.squad_dev.chunking.max_tokens"


@pytest.mark.parametrize(
    ("key", "value", "rerun"),
    [
        (
            "sources.gutenberg.chunking.max_tokens",
            1024,
            {"chunk@gutenberg", "question@gutenberg", "filter@gutenberg", "assemble"},
        ),
        ("sources.longmemeval.checks.min_questions", 5, {"filter@longmemeval", "assemble"}),
        # Every instance has 100: the same comes out, so nothing follows.
        ("sources.banking77.checks.min_questions", 99, {"filter@banking77"}),
        ("sources.trec_fine.card.title", "another title", {"filter@trec_fine", "assemble"}),
        (
            "sources.people.simulate.train",
            105,
            {"fetch@people", "chunk@people", "question@people", "filter@people", "assemble"},
        ),
    ],
)
def test_a_change_reruns_what_uses_it(project: Path, key: str, value: object, rerun: set[str]) -> None:
    before = tree(project / "data")
    change_params(project, {key: value})
    assert ran(dvc(project, "repro", "assemble")) == rerun
    after = tree(project / "data")
    rooms = {
        "fetch": "raw",
        "chunk": "chunks",
        "question": "questions",
        "filter": "filtered",
        "assemble": "dataset",
    }
    allowed = {"/".join([rooms[step], *source]) for step, *source in (stage.split("@") for stage in rerun)}
    allowed.add("inputs")  # the settings
    differing = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert {path for path in differing if not path.startswith(tuple(f"{one}/" for one in allowed))} == set()


def test_a_source_left_out_and_put_back(project: Path) -> None:
    """Its folder stays behind in data/filtered, and is not read."""
    before = tree(project / "data" / "dataset")
    use = load_params(project / "params.yaml").enabled_sources
    change_params(project, {"enabled_sources": [name for name in use if name != "trec_fine"]})
    assert ran(dvc(project, "repro", "assemble")) == {"assemble"}
    for split in ("train", "test"):
        sources = pc.unique(pq.read_table(project / f"data/dataset/{split}.parquet")["source"]).to_pylist()
        assert set(sources) == set(use) - {"trec_fine"}
    assert "trec_fine" not in (project / "data/dataset/README.md").read_text()
    change_params(project, {"enabled_sources": use})
    assert ran(dvc(project, "repro", "--no-run-cache", "assemble")) == {"assemble"}
    assert tree(project / "data" / "dataset") == before


def test_one_stage_alone_and_what_changed(project: Path) -> None:
    change_params(project, {MAX_TOKENS: 1024})
    assert ran(dvc(project, "repro", "chunk@squad_dev")) == {"chunk@squad_dev"}
    files = {entry["path"] for entry in dvc_json(project, "diff")["modified"]}
    assert "data/chunks/squad_dev/instances.parquet" in files
    assert all(path.startswith(("data/chunks/squad_dev/", "data/inputs/")) for path in files)
    change = {"old": 2048, "new": 1024, "diff": -1024}
    assert dvc_json(project, "params", "diff") == {
        "params.yaml": {MAX_TOKENS: change},
        "data/inputs/squad_dev/chunking.json": {"max_tokens": change},
    }
    assert set(dvc_json(project, "metrics", "diff")) == {"metrics/chunk/squad_dev.json"}
    statistics = json.loads((project / "data/chunks/squad_dev/statistics.json").read_text())
    assert statistics["train"]["tokens_per_chunk"]["max"] <= 1024


def test_metrics_are_read_at_a_glance(project: Path) -> None:
    """The table of all stages fits a screen, and so does what a changed key changes in it."""
    shown = dvc(project, "metrics", "show").splitlines()
    assert len(shown) <= 150 and max(map(len, shown)) <= 200
    change_params(project, {MAX_TOKENS: 1024})
    dvc(project, "repro", "report", "evaluate")
    changed = dvc(project, "metrics", "diff").splitlines()
    assert any("metrics/evaluate/scripted.json" in line for line in changed)
    assert len(changed) <= 40


def forget_training(project: Path) -> None:
    """Commit a dvc.lock without the models: an experiment wants all that it names, and none was built."""
    path = project / "dvc.lock"
    lock = yaml.safe_load(path.read_text())
    for stage in ("base_model", "warm_start", "train", "evaluate_trained"):
        del lock["stages"][stage]
    path.write_text(yaml.safe_dump(lock, sort_keys=False))
    run(project, "git", "commit", "--quiet", "--all", "--message", "without the models")


def test_an_experiment_leaves_the_workspace_as_it_is(project: Path) -> None:
    """`--temp`: without it dvc rewrites params.yaml, loses comments and dissolves what blocks share."""
    forget_training(project)
    before = tree(project / "data")
    output = dvc(
        project, "exp", "run", "--temp", "-n", "shorter", "-S", f"{MAX_TOKENS}=1024", "chunk@squad_dev"
    )
    assert ran(output) == {"chunk@squad_dev"}
    assert run(project, "git", "status", "--porcelain") == ""
    assert tree(project / "data") == before
    diff = dvc_json(project, "exp", "diff", "HEAD", "shorter")
    assert diff["params"]["params.yaml"] == {MAX_TOKENS: {"old": 2048, "new": 1024, "diff": -1024}}
    assert set(diff["metrics"]) == {"metrics/chunk/squad_dev.json"}


def test_a_clone_takes_from_a_remote_what_was_built(
    project: Path, builds: list[Build], tmp_path: Path
) -> None:
    run(project, "git", "commit", "--quiet", "--allow-empty", "--all", "--message", "built")
    other = clone(project, tmp_path / "other")
    for each in (project, other):
        dvc(each, "remote", "add", "--local", "--default", "store", tmp_path / "store")
    dvc(project, "push", "--with-deps", "report", "evaluate")  # the models were not built
    assert ran(dvc(other, "repro", "--pull", "--allow-missing", "assemble")) == set()
    assert {path.name for path in (other / "data").glob("*")} == {"inputs"}  # nothing is needed
    dvc(other, "pull", "data/dataset")
    assert tree(other / "data" / "dataset") == tree(builds[0].project / "data" / "dataset")
    # A change of one source takes its inputs from the remote, and the other sources' where they are named.
    dvc(other, "pull", "filter")
    checks = "sources.trec_fine.checks"
    change_params(other, {f"{checks}.min_questions": 50, f"{checks}.max_questions": 50})
    output = dvc(other, "repro", "--pull", "--allow-missing", "assemble")
    assert ran(output) == {"filter@trec_fine", "assemble"}
