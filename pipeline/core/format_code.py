"""The code of a format that is not of memcurate: where it is, and its hashes.

DVC lists the code of memcurate as dependencies, but knows nothing of the code of a user's own format. So the
stage `inputs` writes these hashes beside the format's settings. Nothing is imported to find them.
"""

import ast
import hashlib
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from sysconfig import get_paths

ENTRY_POINTS = "memcurate.formats"  # the group in which an installed package names its formats
_MEMCURATE = ("pipeline", "stages", "training")  # stages depend on its code themselves


def hash_format_code(name: str) -> dict[str, str | None]:
    """Return the hash of each file or package that a format's class comes from, by its path.

    With a file of the project's folder come the other files there that it imports. An installed package has
    its version before its hash. The value is None where the module is not found; nothing is returned for a
    name that no installed package has.

    Args:
        name: MODULE:CLASS, or the name of an entry point.
    """
    module, _, attribute = name.partition(":")
    if attribute:
        put_project_on_path()
        return _hash_module(module, "")
    codes: dict[str, str | None] = {}
    for point in find_entry_points(name):
        version = f"{point.dist.version} " if point.dist else ""
        codes |= _hash_module(point.module, version)
    return codes


def find_entry_points(name: str) -> tuple[EntryPoint, ...]:
    """Return the formats with a name that installed packages have."""
    return tuple(entry_points(group=ENTRY_POINTS, name=name))


def find_code_paths(module: str) -> list[Path]:
    """Return the file or the package folder of a module, and of the project's modules that it imports.

    Empty where the module is not found.
    """
    root = _locate(module)
    return [] if root is None else list(_follow_imports(root))


def put_project_on_path() -> None:
    """Let modules of the project's folder be found: `python -m` does so, an installed command does not."""
    project = str(Path.cwd())
    if project not in sys.path:
        sys.path.insert(0, project)


def _hash_module(module: str, version: str) -> dict[str, str | None]:
    paths = find_code_paths(module)
    if not paths:
        return {module: None}
    return {_name_path(path): f"{version}{_hash_path(path)}" for path in paths}


def _locate(module: str) -> Path | None:
    """Return the file of a module, or the folder of the package that it is in; None where it is not found."""
    top, *rest = module.split(".")
    try:
        spec = find_spec(top) if top else None
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations is None:
        return Path(spec.origin).resolve() if spec.origin and Path(spec.origin).is_file() else None
    folders = map(Path, spec.submodule_search_locations)
    return next((path for folder in folders if (path := _descend(folder.resolve(), rest)) is not None), None)


def _descend(folder: Path, parts: list[str]) -> Path | None:
    """Return the first package below a folder that is a plain folder, which may hold data, or the file."""
    if (folder / "__init__.py").is_file() or not parts:
        return folder
    file = folder / f"{parts[0]}.py"
    if file.is_file():
        return file
    below = folder / parts[0]
    return _descend(below, parts[1:]) if below.is_dir() else None


def _follow_imports(first: Path) -> Iterator[Path]:
    """Yield a file or package, and what it imports of the folder that Python found it in.

    Of installed packages nothing else is yielded: their own versions tell what they import.
    """
    project = Path.cwd().resolve()
    is_ours = first.is_relative_to(project) and not _is_installed(first)
    queue, seen = [first], {first}
    while queue:
        path = queue.pop(0)
        yield path
        for name in sorted(_list_imports(path)) if is_ours else ():
            found = None if name.split(".")[0] in _MEMCURATE else _locate(name)
            if found is None or found in seen or not found.is_relative_to(project) or _is_installed(found):
                continue
            seen.add(found)
            queue.append(found)


def _is_installed(path: Path) -> bool:
    places = get_paths()
    return any(path.is_relative_to(Path(places[key]).resolve()) for key in ("stdlib", "purelib", "platlib"))


def _list_imports(path: Path) -> set[str]:
    """Return the modules that a file or the files of a package import, also inside functions."""
    names: set[str] = set()
    for file in [path] if path.is_file() else path.rglob("*.py"):
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue  # the stage that imports it says so
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                base = _name_package(file, node.level) if node.level else ""
                names |= {".".join(filter(None, (base, node.module, alias.name))) for alias in node.names}
    return names


def _name_package(file: Path, level: int) -> str:
    """Return the package that a relative import of a file of the project begins with."""
    project = Path.cwd().resolve()
    folder = file.parents[min(level, len(file.parents)) - 1]
    return ".".join(folder.relative_to(project).parts) if folder.is_relative_to(project) else ""


def _name_path(path: Path) -> str:
    """Return a path below the project's folder, or the name of a file or package elsewhere."""
    project = Path.cwd().resolve()
    return path.relative_to(project).as_posix() if path.is_relative_to(project) else path.name


def _hash_path(path: Path) -> str:
    """Return the hash of a file, or of all files of a package by their paths."""
    digest = hashlib.sha256()
    files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if _is_code(one, path))
    for file in files:
        if file != path:
            digest.update(f"{file.relative_to(path).as_posix()}\x1f".encode(errors="surrogateescape"))
        content = file.read_bytes()
        digest.update(f"{len(content)}\x1f".encode())
        digest.update(content)
    return digest.hexdigest()


def _is_code(path: Path, package: Path) -> bool:
    """Return whether a path is a file that belongs to a package; compiled and hidden ones do not."""
    parts = path.relative_to(package).parts
    return path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts)
