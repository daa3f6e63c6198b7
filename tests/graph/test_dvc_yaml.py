"""The graph as written: each stage lists the code that it uses, and every params key is some stage's."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.params import Params, Source, load_params
from stages.running import OUTPUTS
from tests.conftest import ROOT
from training.params import Profile

# Each is a stage of dvc.yaml and a module.
STAGES = (
    *(
        "assets",
        "own_files",
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
# How a stage ends and waits, not what it writes.
HARMLESS = {
    "pipeline/errors.py",
    "pipeline/interrupts.py",
    "stages/exits.py",
    "stages/locks.py",
}
AGENT = STAGES[STAGES.index("evaluate") :]  # those that use more of the agent than whether its keys are right
SHOWING = ("assemble", "report", "evaluate", "evaluate_trained")  # those whose output shows strangers' text
PROFILE = "training.profiles.${training.profile}"

# Prints what of the project a stage, and the adapters where it parses, import; also what a function imports
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
    file = ROOT / ("own_files/dvc.yaml" if name == "own_files" else "dvc.yaml")
    stage = yaml.safe_load(file.read_text(encoding="utf-8"))["stages"][name]
    return stage.get("do", stage)


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_lists_the_code_that_it_imports(name: str) -> None:
    sources = load_params(ROOT / "params.yaml").use
    adapters = [f"pipeline.sources.{source}" for source in sources] if name in ("chunk", "parity") else []
    printed = subprocess.check_output(
        [sys.executable, "-c", IMPORTS, f"stages.{name}", *adapters], cwd=ROOT, text=True
    )
    imported = set(printed.split())
    assert f"stages/{name}.py" in imported
    listed = [dep.replace("${item}", source) for dep in stage_of(name)["deps"] for source in sources]
    harmless = {*HARMLESS, *(path for path in imported if path.endswith("__init__.py"))}
    if name not in SHOWING:
        harmless.add("pipeline/text/visible.py")  # of lines on stderr
    if name not in AGENT:
        harmless.add("training/params.py")  # it is asked whether its keys are right, and nothing else
    if name in ("assets", "own_files", "fetch"):
        harmless.add("pipeline/schema.py")  # through storage; they write no rows
    assert {
        path
        for path in imported - harmless
        if not any(path == dep or path.startswith(f"{dep}/") for dep in listed)
    } == set()


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_holds_its_outputs(name: str) -> None:
    """Those that DVC hashes: what runs beside it must not replace one of them."""
    outs = [Path(out.removesuffix("/${item}")) for out in stage_of(name)["outs"]]
    assert sorted(OUTPUTS[name]) == sorted(outs)


def test_every_key_is_some_stages() -> None:
    """Else a change of it would change nothing."""
    tracked = {key for name in STAGES for key in stage_of(name)["params"]}
    keys = {f"sources.${{item}}.{field}" for field in Source.model_fields}
    keys |= {f"{PROFILE}.{field}" for field in Profile.model_fields}
    keys |= Params.model_fields.keys() - {"sources", "defaults", "training"}
    if "sources.${item}" in stage_of("parity")["params"]:  # not every source has this key
        keys.remove("sources.${item}.paper")
    assert keys - tracked == set()


def test_training_follows_its_own_part_of_the_profile() -> None:
    """How a policy is evaluated trains nothing again; how it is trained warms nothing up again."""
    of = {name: {key for key in stage_of(name)["params"] if key.startswith(PROFILE)} for name in AGENT}
    assert not {f"{PROFILE}.tests", f"{PROFILE}.stretch"} & (of["warm_start"] | of["train"])
    assert not {f"{PROFILE}.learning_rate", f"{PROFILE}.batches"} & of["warm_start"]
    assert of["evaluate"] == set()


@pytest.mark.parametrize("name", STAGES)
def test_what_a_stage_lists_is_there(name: str) -> None:
    for source in load_params(ROOT / "params.yaml").use:
        for dep in stage_of(name)["deps"]:
            path = dep.replace("${item}", source)
            assert path.startswith(("data/", "models/")) or (ROOT / path).exists(), path
