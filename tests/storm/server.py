"""The fault server in a process of its own, with a log of every request and reply."""

import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from tests.pipeline.llm.fault_replies import DEEP, FAULTS, TOO_LONG
from tests.pipeline.llm.fault_server import serving

KINDS = (*FAULTS, *DEEP, *TOO_LONG)
_DELAY = 0.05  # mean seconds before a reply


def choose_faults(fraction: float, seed: int) -> Callable[[str, int], str]:
    """Choose faults for a fraction of all requests, of all kinds alike, the same in any order of arrival."""

    def choose(message: str, before: int) -> str:
        number = int.from_bytes(sha256(f"{seed} {message} {before}".encode()).digest()[:8], "big")
        return KINDS[number // 10_000 % len(KINDS)] if number % 10_000 < 10_000 * fraction else "answer"

    return choose


if __name__ == "__main__":
    log, fraction, seed = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    with log.open("w", encoding="utf-8") as lines, serving(choose_faults(fraction, seed), _DELAY) as server:
        server.log = lines
        print(server.url, flush=True)
        sys.stdin.read()  # until the parent process closes it
