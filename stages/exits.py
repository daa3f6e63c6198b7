"""How a stage or a command ends: errors and interrupts as one line on stderr, and the status."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline import interrupts
from pipeline.errors import MemcurateError, system_error
from pipeline.text.visible import visible

_INTERRUPTED = 130  # what typer makes of KeyboardInterrupt


@contextmanager
def for_people(who: str) -> Iterator[None]:
    """Print a MemcurateError, an error of the operating system or an interrupt in a line, after `who`.

    The process exits with status 1, or 130 (SIGINT) or 143 (SIGTERM).
    """
    interrupts.work()
    status: int | None = 0
    try:
        yield
    except MemcurateError as error:
        status = _told(who, error)
    except OSError as error:
        status = _told(who, system_error(error))
    except KeyboardInterrupt:
        status = None
    except SystemExit as ended:
        if not isinstance(ended.code, int):
            raise
        status = None if ended.code == _INTERRUPTED else ended.code
    interrupts.end(status)


def tell(who: str, what: object) -> None:
    """Print a line to stderr. Names and values in it may be a stranger's: hidden characters are visible."""
    print(visible(f"{who}: {what}"), file=sys.stderr)


def _told(who: str, error: MemcurateError) -> int:
    tell(who, error)
    return 1
