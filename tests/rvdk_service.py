"""RvdK's stand-in service on a free loopback port, in a thread of this process."""

import contextlib
import http.server
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date

import uvicorn

from demo.rvdk_register import app_of

TOKEN = "a token for tests, not a secret!"


@contextlib.contextmanager
def rvdk_service(database_url: str, today: Callable[[], date]) -> Iterator[str]:
    """The host and port at which it listens."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    app = app_of(database_url, TOKEN, today=today)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.02)
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()


@contextlib.contextmanager
def answering(body: str) -> Iterator[str]:
    """The address of a service that says this to whatever it is asked."""

    class Says(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Nothing is asked for a log."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Says) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(20)
