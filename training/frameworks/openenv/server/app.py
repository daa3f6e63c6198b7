"""The FastAPI application: sessions over the WebSocket /ws, and OpenEnv's other endpoints.

The environment variable MAX_CONCURRENT_ENVS sets the number of sessions at once.
"""

import argparse
import os

import uvicorn
from fastapi import Request
from fastapi.responses import JSONResponse
from openenv.core.env_server.http_server import create_app
from openenv.core.env_server.types import ConcurrencyConfig

from memcurate.env import MemcurateError

from ..models import MemcurateAction, MemcurateObservation, MemcurateState
from .memcurate_environment import PACKAGE, MemcurateEnvironment

MAX_IDLE_SECONDS = 3600  # of a session; a client that vanished without a word has no other end

for split in PACKAGE.splits:
    PACKAGE.read_split(split)  # a changed file of data is an error of the start, not of a session

app = create_app(
    MemcurateEnvironment,
    MemcurateAction,
    MemcurateObservation,
    env_name="memcurate_env",
    concurrency_config=ConcurrencyConfig(
        max_concurrent_envs=int(os.environ.get("MAX_CONCURRENT_ENVS", "256")),
        session_timeout=MAX_IDLE_SECONDS,
    ),
    state_cls=MemcurateState,
)


@app.exception_handler(MemcurateError)
async def explain(request: Request, error: MemcurateError) -> JSONResponse:
    """Answer a request with the message of the error, and status 422."""
    return JSONResponse({"detail": str(error)}, status_code=422)


def main() -> None:
    """Serve at a host and port, which are options."""
    parser = argparse.ArgumentParser(description="Serve the memory environment.")
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0: reachable from elsewhere, by anybody")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    uvicorn.run(app, host=options.host, port=options.port)


if __name__ == "__main__":
    main()
