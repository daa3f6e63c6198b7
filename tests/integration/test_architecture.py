"""The architecture: rooms import downwards only, files and functions are short, banned phrases are absent."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = ("memcurate", "pipeline", "stages", "training")

# A room imports rooms that stand before it. A module at the top of a package is a room of its own.
ROOMS = (
    "pipeline",
    "pipeline.core",
    "pipeline.text",
    "pipeline.fetching",
    "pipeline.world",
    "pipeline.sources",
    "pipeline.matching",
    "pipeline.llm",
    "pipeline.chunking",
    "pipeline.questions",
    "pipeline.checks",
    "pipeline.dedup",
    "pipeline.publish",
    "pipeline.lineage",
    "pipeline.parity",
    "pipeline.report",
    "pipeline.diff",
    "pipeline.viewer",
    "training",
    "training.policies.chats.pretrained",
    "training.memory",
    "training.policies",
    "training.evaluation",
    "training.credit",
    "training.environment",
    "training.rl",
    "stages.shared",
    "stages",
    "stages.cli",
    "memcurate",
    "memcurate.env",
    "memcurate.commands",
    "training.frameworks",  # the code of exported packages
)
DATA_STAGES = ("assets", "inputs", "fetch", "chunk", "question", "filter", "assemble", "report", "parity")

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60


def list_code_files() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


@cache
def parse_file(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_module(path): path for path in list_code_files()}


def find_room(module: str) -> str:
    parts = module.split(".")
    if parts[0] == "stages":
        return f"stages.{parts[1]}" if parts[1:2] in (["cli"], ["shared"]) else "stages"
    return ".".join(parts[:2])


def list_imports(module: str) -> set[str]:
    """List the project's modules that a module imports, also inside functions and for types."""
    names: set[str] = set()
    for node in ast.walk(parse_file(MODULES[module])):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names & MODULES.keys()


def list_transitive_imports(module: str) -> set[str]:
    found: set[str] = set()
    queue = [module]
    while queue:
        new = list_imports(queue.pop()) - found
        found |= new
        queue += new
    return found


def test_every_module_is_in_a_room_of_the_list() -> None:
    assert {find_room(module) for module in MODULES} <= set(ROOMS)


def test_rooms_import_downwards_only() -> None:
    upwards = [
        f"{module} imports {imported}"
        for module in MODULES
        for imported in list_imports(module)
        if ROOMS.index(find_room(imported)) > ROOMS.index(find_room(module))
    ]
    assert upwards == []


@pytest.mark.parametrize("stage", DATA_STAGES)
def test_a_data_stage_imports_nothing_of_training(stage: str) -> None:
    imported = list_transitive_imports(f"stages.{stage}")
    assert "pipeline.core.params" in imported
    assert {module for module in imported if module.partition(".")[0] == "training"} == set()


def test_the_dataset_card_does_not_import_the_diff() -> None:
    imported = list_transitive_imports("pipeline.publish.dataset_card")
    assert {module for module in imported if module.startswith("pipeline.diff")} == set()


def test_files_are_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in list_code_files()}
    assert {str(path): lines for path, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_functions_are_short() -> None:
    long_functions = [
        f"{path}:{node.lineno} {node.name}"
        for path in list_code_files()
        for node in ast.walk(parse_file(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= MAX_FUNCTION_LINES
    ]
    assert long_functions == []


# Phrases of ../shared/glossary.md, "How we write", with the words to use instead.
BANNED_PHRASES = {
    r"(?i)\bsee above\b": "say it again, or name the place",
    r"(?i)\bso many\b": "name the number",
    r"(?i)\bis no\b(?! longer| more)": "is not a, has no",
    r"(?i)\bwhoever\b": "name who",
    r"(?i)\bwhat whoever\b": "name the thing",
    r"(?i)\brecipes?\b": "strategy",
    r"(?i)\blicences?\b": "license",
    r"(?i)\bordinals?\b": "index",
    r"(?i)\bclassrooms?\b": "setup",
    r"(?i)\banswers? cache\b": "response cache",
    r"(?i)\bcarried (over )?questions?\b": "source questions",
    r"(?i)\bheld-out questions?\b": "label questions",
    r"(?i)\bstretched\b(?!-)": "concatenated",
}
# Whole docstrings, or sentences in them.
BANNED_DOCSTRINGS = {
    r"See [\w.`]+\.?": "say what it does",
    r"What (?!.*\?$).+": "begin with a noun or a verb",
    r"(Those|Whoever) (that|who)\b.+": "begin with a noun or a verb",
}
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/*.md")

# Where a phrase is right: (file, phrase in small letters), and the reason.
EXCEPTIONS = {
    ("pipeline/matching/normalize_words.py", "ordinals"): "words such as `third`",
    ("pipeline/llm/structured_output.py", "is no"): "part of a retry's prompt, which is data",
    ("pipeline/sources/formats/memory_agent_bench.py", "is no"): "details of rejects, which are data",
    ("pipeline/sources/io.py", "is no"): "details of rejects, which are data",
}


def list_docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of each docstring."""
    for node in ast.walk(parse_file(path)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield getattr(node, "lineno", 1), text


def list_comments(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of each comment."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def list_messages(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of the strings of errors, and of `help` and `description` arguments."""
    for node in ast.walk(parse_file(path)):
        roots: list[ast.expr | None] = []
        if isinstance(node, ast.Raise):
            roots.append(node.exc)
        elif isinstance(node, ast.keyword) and node.arg in ("help", "description"):
            roots.append(node.value)
        for root in roots:
            for part in ast.walk(root) if root is not None else ():
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.lineno, part.value


def split_sentences(text: str) -> list[str]:
    return [" ".join(part.split()) for part in re.split(r"(?<=[.!?])\s+|\n\n", text)]


def find_habits() -> list[str]:
    """List the banned phrases in code and documents as lines FILE:LINE."""
    hits = []

    def search(path: Path, line: int, text: str, patterns: dict[str, str], whole: bool = False) -> None:
        name = str(path.relative_to(ROOT))
        for pattern, instead in patterns.items():
            found = re.fullmatch(pattern, text, re.DOTALL) if whole else re.search(pattern, text)
            if found and (name, found[0].lower()) not in EXCEPTIONS:
                hits.append(f"{name}:{line}: {found[0][:60]!r}: {instead}")

    for path in list_code_files():
        for line, text in list_docstrings(path):
            search(path, line, text, BANNED_PHRASES)
            for sentence in split_sentences(text):
                search(path, line, sentence, BANNED_DOCSTRINGS, whole=True)
        for line, text in [*list_comments(path), *list_messages(path)]:
            search(path, line, text, BANNED_PHRASES)
    for pattern in DOCUMENTS:
        for path in sorted(ROOT.glob(pattern)):
            for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                search(path, line, text, BANNED_PHRASES)
    return hits


def test_banned_phrases_are_absent() -> None:
    hits = find_habits()
    assert hits == [], "\n".join(hits)
