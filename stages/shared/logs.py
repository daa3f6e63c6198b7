"""Log lines of this project's packages on stderr, as plain text without level or time."""

import logging
import sys
from typing import TextIO

from pipeline.core.printable import escape_hidden

_PACKAGES = ("pipeline", "stages", "training")


class _StderrHandler(logging.StreamHandler[TextIO]):
    """Handler that writes to the `sys.stderr` of the moment, which tests replace."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


class _EscapingFormatter(logging.Formatter):
    """Formatter that shows hidden characters: names and values in a line may come from foreign data."""

    def format(self, record: logging.LogRecord) -> str:
        return escape_hidden(super().format(record))


_handler = _StderrHandler()
_handler.setFormatter(_EscapingFormatter("%(message)s"))


def configure_logging() -> None:
    """Print log lines of this project's packages, from INFO on. Other packages' loggers do not change."""
    for package in _PACKAGES:
        logger = logging.getLogger(package)
        logger.setLevel(logging.INFO)
        if _handler not in logger.handlers:
            logger.addHandler(_handler)
