"""Find chats among files that would be read as another format: a source has one format alone."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.core.errors import MemcurateError
from pipeline.sources.detection import detect_format
from pipeline.sources.formats.messenger import find_app
from pipeline.sources.formats.slack import OTHER_FILES
from pipeline.sources.records import DATA_SUFFIXES
from pipeline.sources.shards import MEDIA_SUFFIXES

_MESSAGES = "messages"
_MESSENGER = "messenger"  # the format of all other kinds of chats
_OTHERS = "others"
_SLACK = "Slack"  # as find_app names it


def find_mixture(folder: Path, detected: str) -> dict[str, list[Path]]:
    """Return the paths below a folder to add one by one, by what they hold; empty: they are not mixed.

    They are mixed where some files are chats, and the format of most is another one.

    Args:
        folder: Of the files.
        detected: The format that was detected for all of them.
    """
    kinds = {path: _find_kind(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    chats = {kind for kind in kinds.values() if kind not in (_OTHERS, None)}
    if all(detected == (_MESSAGES if kind == _MESSAGES else _MESSENGER) for kind in chats):
        return {}
    if _SLACK in chats:
        kinds |= dict.fromkeys((path for path in kinds if path.name in OTHER_FILES), _SLACK)
    groups: dict[str, list[Path]] = {}
    for path, kind in _iter_uniform(folder, kinds):
        groups.setdefault(kind, []).append(path.relative_to(folder))
    return groups


def _find_kind(path: Path) -> str | None:
    """Return the app of a chat, `messages`, or `others`; None for files that stand beside any of them."""
    name = path.name.lower()
    if name.endswith(MEDIA_SUFFIXES) or path.name in OTHER_FILES:
        return None
    app = find_app(path)
    if app is not None or not name.endswith(DATA_SUFFIXES):
        return app or _OTHERS
    try:
        return _MESSAGES if detect_format([path]).name == _MESSAGES else _OTHERS
    except MemcurateError:
        return _OTHERS


def _iter_uniform(folder: Path, kinds: Mapping[Path, str | None]) -> Iterator[tuple[Path, str]]:
    """Yield the largest folders, and single files, that hold one kind."""
    for child in sorted({folder / path.relative_to(folder).parts[0] for path in kinds}):
        below = {path: kind for path, kind in kinds.items() if child in (path, *path.parents)}
        found: Sequence[str] = sorted({kind for kind in below.values() if kind is not None})
        if len(found) == 1:
            yield child, found[0]
        elif found:
            yield from _iter_uniform(child, below)
