"""A peer to measure beside: what others put in front of a service that asks a policy each time.

nginx asks OPA about every request (`auth_request`); OPA verifies an ES256 token and answers by one rule; what
is allowed goes on to a second nginx, over kept connections, and a line is logged. One request is one question
there. It is a measure of cost: of a refusal it makes an error 500, so it is no enforcement point.
"""

import asyncio
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from bench.machine import children, cpu_s
from demo.world import free_ports
from tests.opa import opa_program

_STARTED_WITHIN_S = 20
_BODY = '{"answer":"known"}'
_POLICY = """package gate

allow if {
    asked := {"cert": data.gate.keys, "alg": "ES256", "iss": "bench"}
    [valid, _, claims] := io.jwt.decode_verify(input.token, asked)
    valid
    claims.role == "chair"
}
"""
_NGINX = """daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000;
    upstream policy {{ server 127.0.0.1:{opa}; keepalive 4; keepalive_requests 1000000; }}
    upstream register {{ server 127.0.0.1:{register}; keepalive 4; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{gate};
        location / {{
            auth_request /allowed;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_pass http://register;
        }}
        location = /allowed {{
            internal;
            proxy_method POST;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Content-Type application/json;
            proxy_pass_request_body off;
            proxy_set_body '{{"token":"$http_token"}}';
            proxy_pass http://policy/v0/data/gate/allow;
        }}
    }}
    server {{
        listen 127.0.0.1:{register};
        access_log off;
        default_type application/json;
        location / {{ return 200 '{body}'; }}
    }}
}}
"""


class Peer:
    def __init__(self, address: str, token: str, processes: list[int]) -> None:
        self._address = address
        self._token = token
        self._processes = processes

    def cpu_ms(self, count: int) -> float:
        """CPU of all its processes for one request, the asker left out, 1 at a time."""
        before = sum(map(cpu_s, self._processes))
        asyncio.run(self._asked(count))
        return (sum(map(cpu_s, self._processes)) - before) * 1000 / count

    async def _asked(self, count: int) -> None:
        async with aiohttp.ClientSession(headers={"token": self._token}) as client:
            for _ in range(count):
                async with client.get(self._address) as response:
                    if await response.text() != _BODY:
                        raise RuntimeError(f"the peer went wrong: {response.status}")


@contextmanager
def running_peer() -> Iterator[Peer]:
    """Skips, with a sentence, where nginx or opa is missing."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("There is no nginx (Debian: nginx-light).")
    key = ec.generate_private_key(ec.SECP256R1())
    keys = {"keys": [json.loads(ECAlgorithm.to_jwk(key.public_key()))]}
    token = jwt.encode({"iss": "bench", "role": "chair", "exp": int(time.time()) + 3600}, key, "ES256")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        gate, opa, register = free_ports(3)
        (folder / "gate.rego").write_text(_POLICY, encoding="utf-8")
        (folder / "data.json").write_text(json.dumps({"gate": {"keys": json.dumps(keys)}}), encoding="utf-8")
        text = _NGINX.format(folder=folder, gate=gate, opa=opa, register=register, body=_BODY)
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        listens = f"127.0.0.1:{opa}"
        policy = [opa_program(), "run", "--server", "--log-level", "error", "--addr", listens]
        running = [
            _started([*policy, str(folder / "gate.rego"), str(folder / "data.json")], folder),
            _started([nginx, "-c", str(folder / "nginx.conf"), "-p", str(folder)], folder),
        ]
        try:
            _wait(Peer(f"http://127.0.0.1:{gate}/", token, []))
            everyone = [pid for one in running for pid in (one.pid, *children(one.pid))]
            yield Peer(f"http://127.0.0.1:{gate}/", token, everyone)
        finally:
            for one in running:
                one.terminate()
                one.wait(10)


def _started(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "said").open("ab") as said:
        return subprocess.Popen(command, stdout=said, stderr=said)  # noqa: S603 - our own arguments


def _wait(peer: Peer) -> None:
    ends = time.monotonic() + _STARTED_WITHIN_S
    while True:
        try:
            peer.cpu_ms(1)
        except (RuntimeError, aiohttp.ClientError):
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)
        else:
            return
