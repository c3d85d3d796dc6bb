"""Runs an app and its management port in this process until it is asked to stop.

    the management port opens ──► the app's lifespan starts ──► the port opens ──► … stop: no longer ready
    ──► the port closes, running requests finish ──► the lifespan closes ──► the management port closes

The lifespan is entered here, not by uvicorn, so that what fails at the start is raised as it is.
"""

import asyncio
import contextlib
import math
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from importlib.metadata import version

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from party.events import Event, log

_KEEP_ALIVE_S = 90  # longer than our clients keep an idle connection: it is theirs to close


async def serve(
    app: FastAPI,
    management: ASGIApp,
    *,
    host: str = "127.0.0.1",
    port: int,
    management_port: int,
    stop_within_s: float = 20,
    shutdown: asyncio.Event | None = None,
    started: Callable[[int, int], None] | None = None,
) -> None:
    """Serves until SIGTERM or SIGINT; until `shutdown` where that is given. Run it with `uvloop.run`.

    Port 0 takes a free one; `started` is told both ports once requests are taken. Raises OSError when a port
    is taken, and whatever the app's lifespan raises.
    """
    stop = shutdown or asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT) if shutdown is None else ()
    for number in signals:
        loop.add_signal_handler(number, _asked, stop, number.name)
    try:
        with _listening(host, port) as public, _listening(host, management_port) as private:
            async with (
                _running(management, private, stop_within_s),
                app.router.lifespan_context(app),
                _running(app, public, stop_within_s),
            ):
                ports = (public.getsockname()[1], private.getsockname()[1])
                log(Event.STARTED, port=ports[0], management_port=ports[1], version=version("grondslag"))
                if started is not None:
                    started(*ports)
                await stop.wait()
                app.state.phase = "stopping"
        log(Event.STOPPED)
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _asked(stop: asyncio.Event, name: str) -> None:
    log(Event.STOPPING, signal=name)
    stop.set()


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=2048) as listener:
        # a response leaves in two writes: without this the second waits for the other side's delayed ACK
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener


@contextlib.asynccontextmanager
async def _running(app: ASGIApp, listener: socket.socket, stop_within_s: float) -> AsyncIterator[None]:
    server = _Server(
        uvicorn.Config(
            app,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=math.ceil(stop_within_s),
        )
    )
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await server.begun.wait()
        yield
    finally:
        server.should_exit = True
        await running


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.begun = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.begun.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # `serve` has them
