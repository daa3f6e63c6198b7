"""Ctrl-C and SIGTERM while requests are in flight: held back for a moment, then delivered."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_HELD = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def signals_held(on_signal: Callable[[], None]) -> Iterator[None]:
    """Call `on_signal` where one arrives; deliver the first of them when the block has ended.

    It then does what it would have done: SIGINT raises KeyboardInterrupt, SIGTERM ends the process. One that
    is ignored stays so. Signals reach the main thread only, so in another thread nothing is held back.
    """
    came: list[int] = []

    def note(number: int, _: object) -> None:
        came.append(number)
        on_signal()

    main = threading.current_thread() is threading.main_thread()
    held = [one for one in _HELD if main and signal.getsignal(one) not in (signal.SIG_IGN, None)]
    before = {one: signal.signal(one, note) for one in held}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        if came:
            signal.raise_signal(came[0])
