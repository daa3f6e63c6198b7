"""The graph as written: each stage lists the code that it uses, and every params key is some stage's."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.core.params import Params, Source, TrainingProfile, load_params
from stages.shared.paths import SOURCE_STAGES, STAGE_INPUTS, STAGE_OUTPUTS
from tests.conftest import ROOT

# Each is a stage of dvc.yaml and a module.
STAGES = (
    *(
        "assets",
        "inputs",
        "fetch",
        "chunk",
        "question",
        "filter",
        "parity",
        "assemble",
        "report",
        "evaluate",
    ),
    *("base_model", "warm_start", "train", "evaluate_trained"),
)
AGENT = STAGES[STAGES.index("evaluate") :]
PACKAGES = {
    f"{name}/__init__.py" for name in ("pipeline", "stages", "training")
}  # docstrings, and handlers of signals
PROFILE = "training.profiles.${training.profile}"

# Prints what of the project a stage, and the formats where it parses, import; also what a function imports
# when it is called.
IMPORTS = """
import ast
import sys
from importlib import import_module
from pathlib import Path
names = sys.argv[1:]
sys.argv = ["stage", "source"]
ours = ("pipeline", "stages", "training")
looked_at = set()
while names:
    for name in names:
        import_module(name)
    found = {name: module.__file__ for name, module in sys.modules.items() if name.split(".")[0] in ours}
    new = {name: Path(file) for name, file in found.items() if file and name not in looked_at}
    looked_at |= new.keys()
    trees = [ast.parse(path.read_text()) for path in new.values()]
    functions = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    nodes = [node for function in functions for node in ast.walk(function)]
    named = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    names = sorted(name for name in named if name.split(".")[0] in ours and name not in found)
for name in looked_at:
    print(Path(sys.modules[name].__file__).relative_to(Path.cwd()))
"""


def stage_of(name: str) -> Any:
    file = ROOT / ("inputs/dvc.yaml" if name == "inputs" else "dvc.yaml")
    stage = yaml.safe_load(file.read_text(encoding="utf-8"))["stages"][name]
    return stage.get("do", stage)


def list_settings(name: str) -> list[str]:
    """The files of a source's settings that a stage lists as params."""
    return [path for entry in stage_of(name).get("params", ()) if isinstance(entry, dict) for path in entry]


def list_keys(name: str) -> set[str]:
    """The keys of params.yaml that a stage lists, or of what all sources share of them."""
    entries = stage_of(name).get("params", ())
    shared = [entry.get("data/inputs/params.json", ()) for entry in entries if isinstance(entry, dict)]
    return {entry for entry in entries if isinstance(entry, str)} | {key for keys in shared for key in keys}


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_the_code_that_it_imports_and_no_other(name: str) -> None:
    files = (ROOT / "pipeline" / "sources" / "formats").glob("[a-z]*.py")
    modules = [f"pipeline.sources.formats.{file.stem}" for file in files]
    formats = modules if name in ("chunk", "parity") else []
    printed = subprocess.check_output(
        [sys.executable, "-c", IMPORTS, f"stages.{name}", *formats], cwd=ROOT, text=True
    )
    imported = {path for path in printed.split() if path not in PACKAGES}
    deps = {dep for dep in stage_of(name)["deps"] if not dep.startswith(("data/", "models/"))}
    covered = {dep: {path for path in imported if path == dep or path.startswith(f"{dep}/")} for dep in deps}
    assert imported - set().union(*covered.values()) == set(), "imported and not listed"
    assert {dep for dep, paths in covered.items() if not paths} == set(), "listed and not imported"
    assert deps >= {f"stages/{name}.py", "stages/shared"}
    assert len(deps) - 2 <= 6, "rooms beside the stage's own file and what stages share"


@pytest.mark.parametrize("name", STAGES)
def test_the_help_of_a_stage_names_its_inputs(name: str) -> None:
    listed = [*stage_of(name)["deps"], *list_settings(name)]
    deps = [dep.replace("${item}", "SOURCE") for dep in listed]
    assert sorted(STAGE_INPUTS[name]) == sorted(dep for dep in deps if dep.startswith(("data/", "models/")))
    assert (name in SOURCE_STAGES) == ("${item}" in stage_of(name)["cmd"])


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_holds_its_outputs(name: str) -> None:
    """Those that DVC hashes: what runs beside it must not replace one of them."""
    outs = [Path(out.removesuffix("/${item}")) for out in stage_of(name)["outs"]]
    assert sorted(STAGE_OUTPUTS[name]) == sorted(outs)


def test_every_key_is_some_stages() -> None:
    """Else a change of it would change nothing."""
    tracked = {key for name in STAGES for key in list_keys(name)}
    keys = {f"{PROFILE}.{field}" for field in TrainingProfile.model_fields}
    keys |= Params.model_fields.keys() - {"defaults", "training"}
    assert keys - tracked == set()


def test_every_key_of_a_source_is_some_stages() -> None:
    """The stage inputs writes a file for each, and parity looks at all of them."""
    files = {f"data/inputs/${{item}}/{field}.json" for field in Source.model_fields}
    assert files - {path for name in STAGES for path in list_settings(name)} == {
        "data/inputs/${item}/parity.json"
    }
    assert "data/inputs/${item}" in stage_of("parity")["deps"]


def test_training_follows_its_own_part_of_the_profile() -> None:
    """How a policy is evaluated trains nothing again; how it is trained warms nothing up again."""
    of = {name: {key for key in list_keys(name) if key.startswith(PROFILE)} for name in AGENT}
    assert not {f"{PROFILE}.max_test_instances", f"{PROFILE}.context_lengths"} & (
        of["warm_start"] | of["train"]
    )
    assert not {f"{PROFILE}.learning_rate", f"{PROFILE}.num_batches"} & of["warm_start"]
    assert of["evaluate"] == set()


@pytest.mark.parametrize("name", STAGES)
def test_what_a_stage_lists_is_there(name: str) -> None:
    for source in load_params(ROOT / "params.yaml").enabled_sources:
        for dep in stage_of(name)["deps"]:
            path = dep.replace("${item}", source)
            assert path.startswith(("data/", "models/")) or (ROOT / path).exists(), path
