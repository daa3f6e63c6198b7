"""Send frames to a server of the package for OpenEnv; it runs in the framework's virtual environment.

Its arguments are the server's URL of WebSockets and a file of JSON: a list of connections, each a list of
frames. A frame is a text, or {"hex": ...} for bytes; the frame "abort" ends the connection without a word. It
prints JSON: for each connection, for each frame, the answer, or the code by which the server closed. All
connections stay open to the end.
"""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def send(url: str, frames: list[Any], all_done: asyncio.Barrier) -> list[Any]:
    answers: list[Any] = []
    async with connect(url, max_size=None, open_timeout=300, ping_interval=None) as socket:
        for frame in frames:
            if frame == "abort":
                await all_done.wait()
                socket.transport.abort()
                return answers
            try:
                with suppress(ConnectionClosed):  # the answer of a refused session may wait all the same
                    await socket.send(bytes.fromhex(frame["hex"]) if isinstance(frame, dict) else frame)
                answers.append(json.loads(await socket.recv()))
            except ConnectionClosed as error:
                answers.append({"closed": error.rcvd.code if error.rcvd else None})
                break
        await all_done.wait()
    return answers


async def send_all(url: str, connections: list[list[Any]]) -> list[list[Any]]:
    all_done = asyncio.Barrier(len(connections))
    return await asyncio.gather(*(send(url, frames, all_done) for frames in connections))


if __name__ == "__main__":
    listed = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    print(json.dumps(asyncio.run(send_all(sys.argv[1], listed))))
