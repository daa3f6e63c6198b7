"""Exit of a stage or a command: errors and interrupts as one line on stderr, and the status."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.core import interrupts
from pipeline.core.errors import MemcurateError, from_memory_error, from_os_error, is_out_of_memory
from pipeline.core.printable import escape_hidden
from stages.shared.logs import configure_logging

_INTERRUPTED = 130  # the status that typer gives a KeyboardInterrupt
_logger = logging.getLogger(__name__)


@contextmanager
def report_errors(program: str) -> Iterator[None]:
    """Configure logging, and end the process at an error or an interrupt with one line, "PROGRAM: MESSAGE".

    The status is 1 after a MemcurateError, an OSError or a lack of memory; 130 after SIGINT, 143 after
    SIGTERM.
    """
    configure_logging()
    interrupts.enable_keyboard_interrupt()
    status: int | None = 0
    try:
        yield
    except MemcurateError as error:
        status = _log_error(program, error)
    except OSError as error:
        status = _log_error(program, from_os_error(error))
    except KeyboardInterrupt:
        status = None
    except SystemExit as ended:
        if not isinstance(ended.code, int):
            raise
        status = None if ended.code == _INTERRUPTED else ended.code
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        status = _log_error(program, from_memory_error(error))
    interrupts.exit_process(status)


def _log_error(program: str, error: MemcurateError) -> int:
    _logger.error("%s", escape_hidden(f"{program}: {error}"))
    return 1
