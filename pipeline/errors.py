"""The one exception that a person is meant to read."""


class MemcurateError(Exception):
    """Something the user can mend: the message says what was wrong, where, and what to do.

    Stages and the command line print the message without a traceback and exit with status 1.
    """
