"""A witness that others wrote (litewitness) takes part: our submissions are its, its lines are ours."""

import asyncio
import base64
import hashlib
import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import verifier_key
from audit.errors import VerifyError
from audit.witness import cosigner_key
from contract.codes import BROKER
from demo.play import Play
from gateway.trail.witnesses import ShownCheckpoint, Witness, Witnesses, outside
from party.wire import HttpWire
from tests.journeys.watching import SUPERVISED, ask
from tests.world import LocalWorld

TOOLS = Path(__file__).parents[2] / ".tools"
NAME = "witness.example/outside"


def program(name: str) -> str:
    found = shutil.which(name, path=f"{TOOLS}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        sentence = f"There is no {name}: run `make tools`, and install openssh-client."
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    return found


@contextmanager
def running(*command: str, ready: Any) -> Iterator[None]:
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 20
        while not ready() and time.monotonic() < until:
            assert process.poll() is None
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def litewitness(tmp_path: Path, world: LocalWorld) -> Iterator[str]:
    """Its key and address, as the broker's setting has them. It keeps its key in an ssh-agent."""
    witness, agent, add = (program(name) for name in ("litewitness", "ssh-agent", "ssh-add"))
    key = Ed25519PrivateKey.generate()
    file, database = tmp_path / "key", tmp_path / "litewitness.db"
    file.touch(mode=0o600)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
    file.write_bytes(key.private_bytes(*form))
    signatory = world.apps[world.address(BROKER)].state.broker._signatory
    (log,) = signatory.directory.trail_keys(BROKER)
    origin = world.apps[world.address(BROKER)].state.witnesses._origin
    with sqlite3.connect(database) as store:
        store.execute("CREATE TABLE log (origin TEXT PRIMARY KEY, tree_size INTEGER, tree_hash TEXT)")
        store.execute("CREATE TABLE key (origin TEXT NOT NULL, key TEXT NOT NULL)")
        nothing = base64.b64encode(hashlib.sha256(b"").digest()).decode()
        store.execute("INSERT INTO log VALUES (?, 0, ?)", (origin, nothing))
        store.execute("INSERT INTO key VALUES (?, ?)", (origin, verifier_key(origin, log)))
    store.close()
    with ExitStack() as stack:
        home = stack.enter_context(_short())
        sock = f"{home}/agent"
        stack.enter_context(running(agent, "-D", "-a", sock, ready=Path(sock).exists))
        subprocess.run([add, str(file)], env={"SSH_AUTH_SOCK": sock}, check=True, capture_output=True)
        raw = key.public_key().public_bytes_raw()
        blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + raw
        finger = f"SHA256:{base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip('=')}"
        port = _free_port()
        options = ("-name", NAME, "-db", str(database), "-ssh-agent", sock, "-key", finger)
        listen = f"127.0.0.1:{port}"
        stack.enter_context(running(witness, *options, "-listen", listen, ready=lambda: _listens(port)))
        yield f"{cosigner_key(NAME, key.public_key())} http://{listen}"


@contextmanager
def _short() -> Iterator[str]:
    """A folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="w") as folder:
        yield folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def shown_to(world: LocalWorld, witness: Witness) -> ShownCheckpoint:
    """What the broker shows after it showed its trail to this witness alone."""
    broker = world.apps[world.address(BROKER)].state.broker

    async def show() -> ShownCheckpoint:
        wire = HttpWire()
        await wire.open()
        try:
            witnesses = Witnesses(broker._signatory, wire, broker._trail, [witness], quorum=1, timeout_s=5)
            await witnesses.show()
            return await witnesses.shown([])
        finally:
            await wire.close()

    found: ShownCheckpoint = world.do(asyncio.wait_for(show(), 20))
    return found


def test_a_witness_of_others_signs_growth(play: Play, world: LocalWorld, litewitness: str) -> None:
    """First from nothing, then from what it saw: its size comes from itself, the proof from us."""
    witness = outside(litewitness)
    ask(play, SUPERVISED)
    first = shown_to(world, witness)
    ask(play, SUPERVISED)
    second = shown_to(world, witness)
    assert first.witnesses == second.witnesses == (NAME,)
    assert int(first.checkpoint.split("\n")[1]) < int(second.checkpoint.split("\n")[1])


@pytest.mark.parametrize(
    "text",
    ["", "key http://witness.example", f"{NAME}+00000000+BA== http://witness.example"],
)
def test_what_is_no_witness_is_said(text: str) -> None:
    with pytest.raises(VerifyError):
        outside(text)


def test_an_address_that_is_none_is_said() -> None:
    key = cosigner_key(NAME, Ed25519PrivateKey.generate().public_key())
    for address in ("", "witness.example", "ftp://witness.example", "https://witness.example?x=1"):
        with pytest.raises(VerifyError, match="address"):
            outside(f"{key} {address}".strip())
    assert outside(f"{key} https://witness.example/a/").path == "/a/add-checkpoint"
