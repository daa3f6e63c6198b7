"""The rate limit of requests, kept by all processes that share a response cache.

The cache holds the time from which the next request to a server may be sent, so the limit outlives a process
that is killed and started again. A request takes its time only once it has come: a time that was taken ahead
and missed would let two requests go together later.
"""

import sqlite3
from time import time

CREATE_NEXT_REQUESTS_TABLE = (
    "create table if not exists next_requests (server text primary key, time real not null) without rowid"
)
_MAX_CATCH_UP = 0.1  # seconds that a late request does not delay the next ones
# A time more than an interval ahead is from before the clock was set back.
_TAKE_TURN = """
insert into next_requests values (:server, :now + :interval)
on conflict (server) do update set time = max(min(time, :now), :now - :catch_up) + :interval
where time <= :now or time > :now + :interval
"""


def take_turn(database: sqlite3.Connection, server: str, interval: float) -> float:
    """Take the next time to send a request if it has come, and return 0; else return the seconds until then.

    `interval`: seconds between requests. Raises the errors of sqlite3.
    """
    now = time()
    values = {"server": server, "now": now, "interval": interval, "catch_up": _MAX_CATCH_UP}
    if database.execute(_TAKE_TURN, values).rowcount == 1:
        return 0.0
    (due,) = database.execute("select time from next_requests where server = ?", (server,)).fetchone()
    return max(float(due) - now, 0.001)
