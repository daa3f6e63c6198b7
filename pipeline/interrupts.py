"""Interrupts: in 2 seconds a line, status 130 (SIGINT) or 143 (SIGTERM), and no worker process left.

While modules are imported, which takes seconds, an interrupt ends the process at once. In its work SIGINT
raises KeyboardInterrupt as it always does in Python, and SIGTERM takes the same way, so that what is open is
closed on the way up. A thread ends the process where that takes too long: in a call into a library that does
not return, or where the exception was swallowed.
"""

import _thread
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

_SECONDS = 1.6  # of the two: a process of many gigabytes takes a while to be gone
_WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
_Handler = Callable[[int, FrameType | None], object] | signal.Handlers

_installed = ""  # the name of what is interrupted
_signals: socket.socket | None = None  # what comes, a byte each; an interrupt is left in it
_told = threading.Lock()  # taken by the first that prints the line, and never released
_starting = threading.Lock()  # held while workers are started: a half started one prints a traceback


def install(name: str) -> None:
    """Have this process end at once at interrupts, with a line that begins with `name`."""
    global _installed, _signals
    _installed = name
    _handle({number: lambda number, _: _interrupted(number) for number in _WORDS})
    sys.unraisablehook = _on_unraisable
    _signals, write = socket.socketpair()
    write.setblocking(False)
    signal.set_wakeup_fd(write.detach(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(_signals,), daemon=True).start()


def work() -> None:
    """Have interrupts raise KeyboardInterrupt from now on: there is something to close."""
    _handle({signal.SIGINT: signal.default_int_handler, signal.SIGTERM: _terminate})


def raise_again() -> None:
    """Raise KeyboardInterrupt where an interrupt came whose exception did not come up: pyarrow drops some."""
    if _came() is not None:
        raise KeyboardInterrupt


def end(status: int | None = None) -> None:
    """End this process, whose work is done or failed; None: after KeyboardInterrupt, with line and status.

    Without `install` a status of 0 ends nothing, and another raises SystemExit.
    """
    if _installed:
        came = _came()
        if status is None or (status == 0 and came is not None):
            _interrupted(came or signal.SIGINT)
        _leave(status)
    if status != 0:
        sys.exit(128 + signal.SIGINT if status is None else status)


def kill_workers() -> None:
    """Kill the worker processes of this one, and wait until they are gone."""
    if "multiprocessing" not in sys.modules:
        return
    from multiprocessing import active_children

    workers = active_children()
    for worker in workers:
        worker.kill()
    for worker in workers:
        worker.join(0.3)


@contextmanager
def blocked() -> Iterator[None]:
    """Hold interrupts back while workers are started, which inherit that: their leader ends them."""
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # comes with the first worker, and would let interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _WORDS)
    try:
        with _starting, deferred():  # another thread, with its own mask, may receive them
            yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def deferred(on_signal: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Call `on_signal` where an interrupt comes, and let it do what it does when the block has ended.

    One that is ignored stays so. Handlers run in the main thread only: in another nothing is deferred.
    """
    came: list[int] = []

    def note(number: int, _: object) -> None:
        came.append(number)
        on_signal()

    main = threading.current_thread() is threading.main_thread()
    held = [one for one in _WORDS if main and signal.getsignal(one) not in (signal.SIG_IGN, None)]
    before = {one: signal.signal(one, note) for one in held}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        if came:
            signal.raise_signal(came[0])


def end_with_leader() -> None:
    """End this worker process when the one that started it is gone, even killed: nobody else would end it."""
    from multiprocessing import parent_process

    leader = parent_process()
    if leader is None:
        return

    def watch() -> None:
        leader.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def end_with(process: int) -> None:
    """End this process within seconds when another, which need not have started it, is gone."""

    def watch() -> None:
        with suppress(ProcessLookupError):
            while True:
                os.kill(process, 0)
                threading.Event().wait(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _handle(handlers: Mapping[signal.Signals, _Handler]) -> None:
    """Set handlers where this process sees to interrupts. One that is ignored, as below `nohup`, stays so."""
    if _installed:
        for number, handler in handlers.items():
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, handler)


def _terminate(number: int, frame: FrameType | None) -> None:
    """Do as at SIGINT, for which asyncio has a handler of its own that ends its tasks first."""
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler):
        handler(signal.SIGINT, frame)
    else:
        raise KeyboardInterrupt


def _on_unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    """Raise KeyboardInterrupt again that came where none can be raised, as in a finalizer."""
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        again = threading.Timer(0.05, _thread.interrupt_main, (signal.SIGINT,))  # not in this hook itself
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(unraisable)


def _came() -> int | None:
    """Return the interrupt that came, if one did."""
    with suppress(BlockingIOError):
        received = _signals.recv(100, socket.MSG_PEEK | socket.MSG_DONTWAIT) if _signals else b""
        return next((number for number in received if number in _WORDS), None)
    return None


def _watch(signals: socket.socket) -> None:
    """Wait for an interrupt, and then for the end of this process; where that does not come, make it."""
    while (number := signals.recv(1, socket.MSG_PEEK)[0]) not in _WORDS:
        signals.recv(1)
    threading.Event().wait(_SECONDS)
    _interrupted(number)


def _interrupted(number: int) -> NoReturn:
    """Print the line, and leave."""
    if _told.acquire(blocking=False):
        with suppress(OSError):
            os.write(2, f"{_installed}: {_WORDS[signal.Signals(number)]}\n".encode())
    _leave(128 + number)


def _leave(status: int) -> NoReturn:
    """Exit without a wait for threads or for Python's own end, which takes seconds with many modules."""
    with suppress(ValueError):  # not the main thread
        _handle(dict.fromkeys(_WORDS, signal.SIG_IGN))
    threading.excepthook = lambda _: None  # the threads of a pool find their workers dead
    sys.unraisablehook = lambda _: None
    _starting.acquire(timeout=0.2)
    kill_workers()
    _close_pools()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _close_pools() -> None:
    """Remove the semaphores of pools, of which Python prints a warning, and end its process for that."""
    if "multiprocessing.resource_tracker" not in sys.modules:
        return
    from multiprocessing import resource_tracker, util

    until = time.monotonic() + 0.3
    for thread in threading.enumerate():
        if not thread.daemon and thread not in (threading.main_thread(), threading.current_thread()):
            thread.join(max(0, until - time.monotonic()))  # a pool's does the same, its workers being gone
    tracker = resource_tracker._resource_tracker
    with suppress(Exception):  # none of this is public; left undone it ends by itself a little later
        util._run_finalizers(0)  # type: ignore[attr-defined]
        os.close(tracker._fd)  # type: ignore[attr-defined]
        while os.waitpid(tracker._pid, os.WNOHANG) == (0, 0) and time.monotonic() < until:  # type: ignore[attr-defined]
            time.sleep(0.005)
