"""A rule for all code: no call that can run code out of data, found by the syntax tree."""

import ast
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from tests.conftest import ROOT

PACKAGES = ("memcurate", "pipeline", "stages", "tools", "training")

# Modules whose files or messages can run code when they are read.
BANNED_MODULES = {"_pickle", "cloudpickle", "dill", "joblib", "jsonpickle", "marshal", "pickle", "shelve"}

# Functions without a safe form: a shell, code out of text, archives unpacked without checks of their paths.
BANNED_FUNCTIONS = {
    "asyncio.create_subprocess_shell",
    "asyncio.subprocess.create_subprocess_shell",
    "eval",
    "exec",
    "os.popen",
    "os.system",
    "pandas.read_pickle",
    "shutil.unpack_archive",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "yaml.full_load",
    "yaml.full_load_all",
    "yaml.unsafe_load",
    "yaml.unsafe_load_all",
}
BANNED_METHODS = {"extractall"}

# Arguments of any call, or keys of any dict of arguments, that have one safe value.
SAFE_VALUES = {"allow_pickle": False, "shell": False, "trust_remote_code": False, "weights_only": True}


def _has_safe_loader(call: ast.Call) -> bool:
    loaders = [*call.args[1:2], *(one.value for one in call.keywords if one.arg == "Loader")]
    return [ast.unparse(one).rpartition(".")[2] in ("SafeLoader", "CSafeLoader") for one in loaders] == [True]


def _is_weights_only(call: ast.Call) -> bool:
    return any(one.arg == "weights_only" and _is_constant(one.value, True) for one in call.keywords)


def _has_safe_type(call: ast.Call) -> bool:
    types = [*call.args[:1], *(one.value for one in call.keywords if one.arg == "typ")]
    return all(isinstance(one, ast.Constant) and one.value in ("safe", "rt") for one in types)


# Functions that are safe in one form: every other call, and every use without a call, is not.
SAFE_FORMS: dict[str, Callable[[ast.Call], bool]] = {
    "torch.load": _is_weights_only,
    "yaml.load": _has_safe_loader,
    "yaml.load_all": _has_safe_loader,
    "ruamel.yaml.YAML": _has_safe_type,
}

# Where such a use is right: (file, what is found), and the reason.
ALLOWED = {
    ("training/policies/chats/pretrained.py", "pickle.UnpicklingError"): "torch's refusal of unsafe weights",
}


def _is_constant(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def list_import_names(tree: ast.Module) -> dict[str, str]:
    """Return the full name of what each imported name of a module means."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                names[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def resolve_name(node: ast.expr, names: dict[str, str]) -> str | None:
    """Return the full name of an expression such as `load` or `torch.load`; None for others."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        owner = resolve_name(node.value, names)
        return f"{owner}.{node.attr}" if owner else None
    return None


def find_dangerous_uses(code: str) -> list[tuple[int, str]]:
    """List (line, what) of each use in a module's code that the rule refuses."""
    tree = ast.parse(code)
    names = list_import_names(tree)
    safe = {
        id(node.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (form := SAFE_FORMS.get(resolve_name(node.func, names) or "")) is not None
        and form(node)
    }
    return [
        (getattr(node, "lineno", 0), what)
        for node in ast.walk(tree)
        if id(node) not in safe
        for what in _name_dangers(node, names)
    ]


def _name_dangers(node: ast.AST, names: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        found = [f"{module}{one.name}" for one in node.names]
        yield from (one for one in found if one.partition(".")[0] in BANNED_MODULES)
    elif isinstance(node, ast.Name | ast.Attribute):
        full = resolve_name(node, names)
        if full in BANNED_FUNCTIONS or full in SAFE_FORMS:
            yield str(full)
        elif isinstance(node, ast.Attribute) and node.attr in BANNED_METHODS:
            yield node.attr
    elif isinstance(node, ast.keyword):
        yield from _name_unsafe_value(node.arg, node.value)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield from _name_unsafe_value(key.value, value)


def _name_unsafe_value(name: str | None, value: ast.expr) -> Iterator[str]:
    if name in SAFE_VALUES and not _is_constant(value, SAFE_VALUES[name]):
        yield f"{name}={ast.unparse(value)}"


@cache
def find_all() -> tuple[tuple[str, int, str], ...]:
    """List (file, line, what) of each use in the packages."""
    return tuple(
        (str(path.relative_to(ROOT)), line, what)
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for line, what in find_dangerous_uses(path.read_text(encoding="utf-8"))
    )


def test_no_code_runs_code_out_of_data() -> None:
    assert all(any((ROOT / package).rglob("*.py")) for package in PACKAGES)
    refused = [f"{file}:{line}: {what}" for file, line, what in find_all() if (file, what) not in ALLOWED]
    assert refused == []


def test_each_exception_is_still_needed() -> None:
    assert ALLOWED.keys() <= {(file, what) for file, _, what in find_all()}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import pickle", "pickle"),
        ("from pickle import loads as read", "pickle.loads"),
        ("def f():\n    import shelve", "shelve"),
        ("import os\nos.system(x)", "os.system"),
        ("from os import system as say\nsay(x)", "os.system"),
        ("import os as o\npartial(o.popen, x)", "os.popen"),
        ("eval(x)", "eval"),
        ("list(map(exec, x))", "exec"),
        ("run(x, shell=True)", "shell=True"),
        ("run(x, shell=flag)", "shell=flag"),
        ("load(x, **{'trust_remote_code': True})", "trust_remote_code=True"),
        ("load(x, dict(trust_remote_code=flag))", "trust_remote_code=flag"),
        ("import torch\ntorch.load(x)", "torch.load"),
        ("import torch\nmap(torch.load, x)", "torch.load"),
        ("import numpy as np\nnp.load(x, allow_pickle=True)", "allow_pickle=True"),
        ("import yaml\nyaml.load(x)", "yaml.load"),
        ("import yaml\nyaml.load(x, Loader=yaml.UnsafeLoader)", "yaml.load"),
        ("from yaml import unsafe_load", None),
        ("from yaml import unsafe_load\nunsafe_load(x)", "yaml.unsafe_load"),
        ("from ruamel.yaml import YAML\nYAML(typ='unsafe')", "ruamel.yaml.YAML"),
        ("import tarfile\nwith tarfile.open(x) as f:\n    f.extractall(y)", "extractall"),
        ("import shutil\nshutil.unpack_archive(x)", "shutil.unpack_archive"),
        ("import torch\ntorch.load(x, weights_only=True)", None),
        ("import yaml\nyaml.load(x, Loader=yaml.SafeLoader)\nyaml.load(x, yaml.CSafeLoader)", None),
        ("from ruamel.yaml import YAML\nYAML(typ='safe', pure=True)\nYAML()", None),
        ("run(x, shell=False, trust_remote_code=False)", None),
        ("import ast\nast.literal_eval(x)\nmodel.eval()\n'eval(x)'  # exec(x)", None),
    ],
)
def test_the_rule_finds_each_use(code: str, found: str | None) -> None:
    assert [what for _, what in find_dangerous_uses(code)] == ([found] if found else [])
