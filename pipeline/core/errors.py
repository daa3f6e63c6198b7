"""The exception that users read, and its messages for errors of the operating system."""

import errno
import os


class MemcurateError(Exception):
    """An error that the user can fix: the message says where, what was found and expected, and what to do.

    Stages and the command line print the message without a traceback and exit with status 1.
    """


class EmptyFileError(MemcurateError):
    """A file that should hold something is empty, or holds white space alone."""


class FormatError(MemcurateError):
    """An error in the code of a format that is not of memcurate; others are errors in the files it reads."""


_NO_LOCKS_ADVICE = "its file system cannot lock files: work on another disk"
_PERMISSION_ADVICE = "give yourself the permission, or work in another folder"
_MEMORY_ADVICE = "free memory, raise its limit (`ulimit -v`), or set MEMCURATE_WORKERS to fewer"
_ADVICE_BY_ERRNO = {
    errno.ENOSPC: "free some space on that disk",
    errno.EDQUOT: "free some of your quota on that disk",
    errno.EFBIG: "raise the limit of a file's size (`ulimit -f`)",
    errno.EROFS: "mount that disk writable, or work in another folder",
    errno.EACCES: _PERMISSION_ADVICE,
    errno.EPERM: _PERMISSION_ADVICE,
    errno.EBUSY: "if it is a mount point, mount the folder above it, or make it a link to the disk",
    errno.ENOTDIR: "move the file away that stands where a folder belongs",
    errno.EISDIR: "move the folder away that stands where a file belongs",
    errno.EEXIST: "move away what stands there",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`)",
    errno.ENOLCK: _NO_LOCKS_ADVICE,
    errno.ENOSYS: _NO_LOCKS_ADVICE,
    errno.EOPNOTSUPP: _NO_LOCKS_ADVICE,
    errno.EIO: "look at that disk: it may be damaged",
    errno.ENOMEM: _MEMORY_ADVICE,
    errno.EAGAIN: _MEMORY_ADVICE,  # a process or a thread that cannot start
}
_ERRNOS_IN_TEXT = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
# In errors of libraries that raise no MemoryError: those of Arrow, Python, the loader, torch and C++.
_NO_MEMORY_TEXTS = (
    "failed to map segment from shared object",
    "Failed to launch worker thread",
    "can't start new thread",
    "can't allocate memory",
    "bad_alloc",
    os.strerror(errno.ENOMEM),
)


def from_os_error(error: OSError) -> MemcurateError:
    """Convert an error of the operating system: the message names the file, the error and what to do."""
    where = "" if error.filename is None else f"{error.filename}: "
    if error.errno is None:
        return MemcurateError(f"{where}{error or type(error).__name__}")
    advice = _ADVICE_BY_ERRNO.get(error.errno)
    ending = f": {advice}, and run this again" if advice else ""
    return MemcurateError(f"{where}{error.strerror or os.strerror(error.errno)}{ending}")


def find_write_errno(error: Exception) -> int | None:
    """Return the errno of an error of writing, such as a full disk; None for any other error.

    Libraries in other languages raise exceptions of their own, which hold only the text of the error.
    """
    if isinstance(error, OSError):
        return error.errno if error.errno in _ADVICE_BY_ERRNO else None
    return next((number for number in _ERRNOS_IN_TEXT if os.strerror(number) in str(error)), None)


def is_out_of_memory(error: Exception) -> bool:
    """Return whether an error says that this machine's memory, or its limit, does not suffice."""
    return isinstance(error, MemoryError) or any(text in str(error) for text in _NO_MEMORY_TEXTS)


def from_memory_error(error: Exception) -> MemcurateError:
    """Convert an error for which `is_out_of_memory` holds."""
    what = " ".join(str(error).split()) or type(error).__name__
    return MemcurateError(f"memory ran out ({what}): {_MEMORY_ADVICE}, and run this again")
