"""A project with two tagged versions of a small dataset, in the real git and DVC."""

from pathlib import Path

from pipeline.core.schema import Instance, Reject
from pipeline.core.storage import write_rows
from tests.integration.project import dvc, run
from tests.pipeline.questions.factories import make_instance

GRAPH = """\
stages:
  fetch:
    foreach: [made]
    do:
      cmd: mkdir -p data/raw && cp -r made/raw data/raw/made
      deps: [made/raw]
      outs: [data/raw/made]
  assemble:
    cmd: mkdir -p data && cp -r made/dataset data/dataset
    params: [seed]
    deps: [made/dataset]
    outs: [data/dataset]
"""


def write_made(project: Path, *texts: str, seed: int = 1) -> None:
    """Write the files that the stages copy: an instance with one chunk for each text."""
    made = project / "made"
    (made / "raw").mkdir(parents=True, exist_ok=True)
    (made / "dataset").mkdir(exist_ok=True)
    (made / "raw" / "a.txt").write_text(" ".join(texts), encoding="utf-8")
    instances = [
        make_instance(f"made/{text}", {f"made/s{text}": text}, index=n) for n, text in enumerate(texts)
    ]
    write_rows(made / "dataset" / "train.parquet", Instance, instances)
    write_rows(made / "dataset" / "test.parquet", Instance, [])
    write_rows(made / "dataset" / "rejects.parquet", Reject, [])
    (project / "params.yaml").write_text(f"seed: {seed}\n", encoding="utf-8")


def commit(project: Path, tag: str) -> None:
    """Build, commit and tag."""
    dvc(project, "repro")
    run(project, "git", "add", "--all")
    run(project, "git", "commit", "--quiet", "--message", tag)
    run(project, "git", "tag", tag)


def make_history(project: Path) -> None:
    """Nothing built at v0; v1; in v2 `one` is `uno`, with another seed."""
    project.mkdir()
    run(project, "git", "init", "--quiet")
    dvc(project, "init", "--quiet")
    (project / "dvc.yaml").write_text(GRAPH, encoding="utf-8")
    (project / ".gitignore").write_text("/data/\n", encoding="utf-8")
    write_made(project, "one", "two")
    run(project, "git", "add", "--all")
    run(project, "git", "commit", "--quiet", "--message", "nothing built")
    run(project, "git", "tag", "v0")
    commit(project, "v1")
    write_made(project, "uno", "two", seed=2)
    commit(project, "v2")
