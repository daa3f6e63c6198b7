"""The environment's core: what its import loads, and how long that takes."""

import os
import subprocess
import sys

from tests.conftest import ROOT

MODULES = (
    "training.environment",
    "training.memory.call_parser",
    "training.memory.prompts",
    "training.evaluation.answering.extractive",
    "training.evaluation.evaluator",
    "training.evaluation.rewards",
    "training.credit.assign",
)
# The dependencies of `pip install memcurate[env]`, and what these import; the last line is optional.
ALLOWED = {
    *("bm25s", "numpy", "pyarrow", "pydantic", "tiktoken", "toktok"),
    *("annotated_types", "pydantic_core", "tiktoken_ext", "typing_extensions", "typing_inspection"),
    *("cloudpickle", "cython_runtime", "orjson", "tqdm"),
}
HEAVY = {
    *("accelerate", "aiohttp", "datasets", "dvc", "nltk", "openai", "pandas", "peft", "scipy", "spacy"),
    *("torch", "transformers", "trl", "typer"),
}
MAX_SECONDS = 0.5

SCRIPT = """
import sys
from importlib import import_module
from time import process_time
before = set(sys.modules)  # a system's Python may load some of its own at its start
start = process_time()
for name in sys.argv[1:]:
    import_module(name)
print(process_time() - start)
print(*sorted(set(sys.modules) - before))
"""


def import_core() -> tuple[float, set[str]]:
    """Import the core in a new process; return the processor's seconds and the modules."""
    printed = subprocess.check_output(
        [sys.executable, "-c", SCRIPT, *MODULES],
        cwd=ROOT,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    seconds, modules = printed.splitlines()
    return float(seconds), set(modules.split())


def test_the_core_imports_a_few_packages_only() -> None:
    _, modules = import_core()
    packages = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names
    packages = {name for name in packages if not name.startswith("_")}
    assert not packages & HEAVY
    assert packages - ALLOWED == {"pipeline", "training"}


def test_the_core_imports_no_model_stage_or_source() -> None:
    _, modules = import_core()
    rooms = {".".join(name.split(".")[:2]) for name in modules if name.startswith(("pipeline.", "training."))}
    assert rooms == {
        *("pipeline.core", "pipeline.text", "pipeline.llm"),
        *("training.memory", "training.policies", "training.evaluation", "training.credit"),
        "training.environment",
    }
    assert {name for name in modules if name.startswith("pipeline.llm.")} == {
        "pipeline.llm.lenient_json",
        "pipeline.llm.native_tool_calls",
        "pipeline.llm.prompts",
        "pipeline.llm.requests",
        "pipeline.llm.thinking",
    }


def test_the_core_imports_fast() -> None:
    """Bar: half a second, in the fastest of three processes: others may use this machine."""
    assert min(import_core()[0] for _ in range(3)) < MAX_SECONDS
