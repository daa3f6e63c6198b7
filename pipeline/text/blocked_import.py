"""Import a library without a dependency that it would load wherever that is installed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def block_import(name: str) -> Iterator[None]:
    """Make `import name` fail within this block, unless it was imported before.

    After the block the import works as usual.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # Python then raises ImportError
    try:
        yield
    finally:
        del sys.modules[name]
