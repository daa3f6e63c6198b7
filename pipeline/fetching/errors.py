"""Why one place gave no file."""


class UnreachableError(Exception):
    """A place could not give the file at all, so the next place may be tried; the message is the reason.

    Wrong bytes are never this: they are a `MemcurateError` at once.
    """
