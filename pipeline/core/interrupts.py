"""End a process within 2 seconds of an interrupt: one line, status 130 (SIGINT) or 143 (SIGTERM), no workers.

While modules are imported, which takes seconds, an interrupt ends the process at once. During its work SIGINT
raises KeyboardInterrupt, as always in Python, and SIGTERM does the same, so that open files are closed as the
exception propagates. A thread ends the process where that takes too long: in a call into a library that does
not return, or where the exception was swallowed.
"""

import _thread
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

_GRACE_SECONDS = 1.6  # of the 2: a process of many gigabytes takes a while to exit
_SIGNAL_WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
_Handler = Callable[[int, FrameType | None], object] | signal.Handlers

_process_name = ""  # name of the command, for the line; empty until install_handlers
_signal_socket: socket.socket | None = None  # a byte per signal; an interrupt stays unread in it
_cleanups: list[Callable[[], None]] = []
_message_lock = threading.Lock()  # taken by the first thread that prints the line, never released
_worker_start_lock = threading.Lock()  # held during workers' start: a half-started one prints a traceback


def install_handlers(name: str) -> None:
    """End this process at once on an interrupt from now on, with a line that begins with `name`."""
    global _process_name, _signal_socket
    _process_name = name
    _set_handlers({number: lambda number, _: _exit_interrupted(number) for number in _SIGNAL_WORDS})
    sys.unraisablehook = _on_unraisable
    _signal_socket, write = socket.socketpair()
    write.setblocking(False)
    signal.set_wakeup_fd(write.detach(), warn_on_full_buffer=False)
    threading.Thread(target=_watch_signals, args=(_signal_socket,), daemon=True).start()


def enable_keyboard_interrupt() -> None:
    """Raise KeyboardInterrupt on an interrupt from now on, so that open files are closed first."""
    _set_handlers({signal.SIGINT: signal.default_int_handler, signal.SIGTERM: _handle_sigterm})


def raise_if_interrupted() -> None:
    """Raise KeyboardInterrupt after an interrupt whose exception was lost: pyarrow drops some."""
    if _pending_signal() is not None:
        raise KeyboardInterrupt


def clean_up_by(function: Callable[[], None]) -> None:
    """Call a function when an interrupt ends this process: it can come between `with` and its block."""
    _cleanups.append(function)


def exit_process(status: int | None = None) -> None:
    """End this process, whose work is done or failed.

    A status of None stands for KeyboardInterrupt: the line is printed, and the signal gives the status.
    Without `install_handlers`, a status of 0 does nothing, and any other raises SystemExit.
    """
    if _process_name:
        received = _pending_signal()
        if status is None or (status == 0 and received is not None):
            _exit_interrupted(received or signal.SIGINT)
        _exit_now(status)
    if status != 0:
        sys.exit(128 + signal.SIGINT if status is None else status)


def kill_workers() -> None:
    """Kill the worker processes of this process, and wait until they are gone."""
    if "multiprocessing" not in sys.modules:
        return
    from multiprocessing import active_children

    threading.excepthook = _on_thread_error
    workers = active_children()
    for worker in workers:
        worker.kill()
    for worker in workers:
        worker.join(0.3)


@contextmanager
def block_signals() -> Iterator[None]:
    """Block interrupts while workers are started; workers inherit the mask, and their parent ends them."""
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # starting it with the first worker would unblock interrupts
    previous_mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNAL_WORDS)
    try:
        with _worker_start_lock, defer_signals():  # another thread, with its own mask, may receive them
            yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous_mask)


@contextmanager
def defer_signals(on_signal: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Call `on_signal` on an interrupt, and raise the signal again when the block has ended.

    An ignored signal stays ignored. Handlers run in the main thread only, so nothing is deferred in another.
    """
    received: list[int] = []

    def record_signal(number: int, _: object) -> None:
        received.append(number)
        on_signal()

    is_main_thread = threading.current_thread() is threading.main_thread()
    deferred = [
        number
        for number in _SIGNAL_WORDS
        if is_main_thread and signal.getsignal(number) not in (signal.SIG_IGN, None)
    ]
    previous_handlers = {number: signal.signal(number, record_signal) for number in deferred}
    try:
        yield
    finally:
        for number, handler in previous_handlers.items():
            signal.signal(number, handler)
        if received:
            signal.raise_signal(received[0])


def exit_with_parent() -> None:
    """End this worker process when its parent is gone, even killed: no other process would end it."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is None:
        return

    def wait_for_parent() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait_for_parent, daemon=True).start()


def exit_with_process(pid: int) -> None:
    """End this process within seconds after another process, not necessarily its parent, is gone."""

    def wait_for_process() -> None:
        with suppress(ProcessLookupError):
            while True:
                os.kill(pid, 0)
                threading.Event().wait(1)
        os._exit(1)

    threading.Thread(target=wait_for_process, daemon=True).start()


def _set_handlers(handlers: Mapping[signal.Signals, _Handler]) -> None:
    """Set handlers after `install_handlers`. A signal that is ignored, as below `nohup`, stays ignored."""
    if _process_name:
        for number, handler in handlers.items():
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, handler)


def _handle_sigterm(number: int, frame: FrameType | None) -> None:
    """Call the handler of SIGINT, for which asyncio sets its own that ends tasks first."""
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler):
        handler(signal.SIGINT, frame)
    else:
        raise KeyboardInterrupt


def _on_unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    """Raise KeyboardInterrupt again where it came in a finalizer or another place that cannot raise."""
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        # Later, because this hook cannot raise either.
        timer = threading.Timer(0.05, _thread.interrupt_main, (signal.SIGINT,))
        timer.daemon = True
        timer.start()
    else:
        sys.__unraisablehook__(unraisable)


def _on_thread_error(error: threading.ExceptHookArgs) -> None:
    """Print the error of a thread, but not that of a pool whose tasks are cancelled and workers dead."""
    from concurrent.futures import InvalidStateError

    if not isinstance(error.exc_value, InvalidStateError):
        threading.__excepthook__(error)


def _pending_signal() -> int | None:
    """Return the number of the interrupt that came, or None."""
    with suppress(BlockingIOError):
        received = _signal_socket.recv(100, socket.MSG_PEEK | socket.MSG_DONTWAIT) if _signal_socket else b""
        return next((number for number in received if number in _SIGNAL_WORDS), None)
    return None


def _watch_signals(signals: socket.socket) -> None:
    """Wait for an interrupt, then end this process where it has not ended within the grace period."""
    while (number := signals.recv(1, socket.MSG_PEEK)[0]) not in _SIGNAL_WORDS:
        signals.recv(1)
    threading.Event().wait(_GRACE_SECONDS)
    _exit_interrupted(number)


def _exit_interrupted(number: int) -> NoReturn:
    """Print the line once, and exit with 128 + the signal's number."""
    if _message_lock.acquire(blocking=False):
        with suppress(OSError):
            os.write(2, f"{_process_name}: {_SIGNAL_WORDS[signal.Signals(number)]}\n".encode())
    _exit_now(128 + number, _cleanups)


def _exit_now(status: int, cleanups: Sequence[Callable[[], None]] = ()) -> NoReturn:
    """Exit without waiting for threads or for Python's shutdown, which takes seconds with many modules."""
    with suppress(ValueError):  # not the main thread
        _set_handlers(dict.fromkeys(_SIGNAL_WORDS, signal.SIG_IGN))
    threading.excepthook = lambda _: None  # a pool's threads raise when their workers are dead
    sys.unraisablehook = lambda _: None
    _worker_start_lock.acquire(timeout=0.2)
    kill_workers()
    _close_process_pools()
    for function in cleanups:
        with suppress(OSError):
            function()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _close_process_pools() -> None:
    """Remove the semaphores of pools, for which Python would print a warning, and end their tracker."""
    if "multiprocessing.resource_tracker" not in sys.modules:
        return
    from multiprocessing import resource_tracker, util

    deadline = time.monotonic() + 0.3
    for thread in threading.enumerate():
        if not thread.daemon and thread not in (threading.main_thread(), threading.current_thread()):
            thread.join(max(0, deadline - time.monotonic()))  # a pool's thread cleans up too
    tracker = resource_tracker._resource_tracker
    with suppress(Exception):  # private names; without them the tracker ends a little later
        util._run_finalizers(0)  # type: ignore[attr-defined]
        os.close(tracker._fd)  # type: ignore[attr-defined]
        while os.waitpid(tracker._pid, os.WNOHANG) == (0, 0) and time.monotonic() < deadline:  # type: ignore[attr-defined]
            time.sleep(0.005)
