"""Import a library without a dependency that it would load wherever that is installed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder


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
