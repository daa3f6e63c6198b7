"""The error of a location that cannot give a file."""


class UnreachableError(Exception):
    """An error of a location that cannot give the file, so the next may be tried; the message is the reason.

    Bytes with a wrong hash are never this error: they are a `MemcurateError` at once.
    """
