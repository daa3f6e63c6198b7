"""Import a library without a module of its own, or of others, that it would load and is not needed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from types import ModuleType


class _Blocker(MetaPathFinder):
    """A finder that lets no import of one module succeed."""

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        """Raise ModuleNotFoundError for the module, and find no other."""
        if fullname == self._name:
            raise ModuleNotFoundError(f"import of {fullname} is blocked", name=fullname)


@contextmanager
def block_import(name: str) -> Iterator[None]:
    """Make `import name` fail within this block, unless it was imported before.

    After the block the import works as usual.
    """
    blocker = _Blocker(name)
    sys.meta_path.insert(0, blocker)
    try:
        yield
    finally:
        sys.meta_path.remove(blocker)


@contextmanager
def replace_import(name: str, *attributes: str) -> Iterator[None]:
    """Let `import name` find an empty module within this block, unless it was imported before.

    `attributes`: what a library takes of it, which is None. After the block the import works as usual.
    """
    if name in sys.modules:
        yield
        return
    module = ModuleType(name)
    vars(module).update(dict.fromkeys(attributes))
    sys.modules[name] = module
    try:
        yield
    finally:
        del sys.modules[name]
