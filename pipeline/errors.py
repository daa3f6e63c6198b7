"""The exception that a person is meant to read, and errors of the operating system as such a one."""

import errno
import os


class MemcurateError(Exception):
    """Something the user can mend: the message says what was wrong, where, and what to do.

    Stages and the command line print the message without a traceback and exit with status 1.
    """


_NO_LOCKS = "its file system cannot lock files: work on another disk"
_PERMISSION = "give yourself the permission, or work in another folder"
_WHAT_TO_DO = {
    errno.ENOSPC: "free some space on that disk",
    errno.EDQUOT: "free some of your quota on that disk",
    errno.EFBIG: "raise the limit of a file's size (`ulimit -f`)",
    errno.EROFS: "mount that disk writable, or work in another folder",
    errno.EACCES: _PERMISSION,
    errno.EPERM: _PERMISSION,
    errno.EBUSY: "if it is a mount point, mount the folder above it, or make it a link to the disk",
    errno.ENOTDIR: "move the file away that stands where a folder belongs",
    errno.EISDIR: "move the folder away that stands where a file belongs",
    errno.EEXIST: "move away what stands there",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`)",
    errno.ENOLCK: _NO_LOCKS,
    errno.ENOSYS: _NO_LOCKS,
    errno.EOPNOTSUPP: _NO_LOCKS,
    errno.EIO: "look at that disk: it may be damaged",
}
_IN_TEXT = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


def system_error(error: OSError) -> MemcurateError:
    """Put an error of the operating system into words: the file, what was found, what to do."""
    where = "" if error.filename is None else f"{error.filename}: "
    if error.errno is None:
        return MemcurateError(f"{where}{error or type(error).__name__}")
    what_to_do = _WHAT_TO_DO.get(error.errno)
    ending = f": {what_to_do}, and run this again" if what_to_do else ""
    return MemcurateError(f"{where}{error.strerror or os.strerror(error.errno)}{ending}")


def writing_error(error: Exception) -> int | None:
    """Give the errno of an error that writing meets, such as a full disk; None: it is another error.

    Libraries in other languages have only the text of it in an exception of their own.
    """
    if isinstance(error, OSError):
        return error.errno if error.errno in _WHAT_TO_DO else None
    return next((number for number in _IN_TEXT if os.strerror(number) in str(error)), None)
