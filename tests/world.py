"""A small chain for tests: the real apps of the broker and five nodes, in one process, on real registers and
real databases.

The apps run on an event loop in a thread of their own; a test stays plain code and speaks through callers, as
the demo's stories do. What differs from production can be chosen: the wire (in process, or HTTP on loopback),
the databases, the policy engine, the clock.
"""

import asyncio
import atexit
import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

import adapters.node.app
import gateway.app
from adapters.node.app import app as node_app
from adapters.node.settings import NodeSettings
from adapters.partners import Adapter
from audit.migration import KEYS, TRAIL, migrate
from contract.codes import BROKER
from contract.days import day_of
from demo.caller import DemoCaller, Refused
from demo.members import FIVE, Member
from demo.proposal import Proposal
from demo.world import World, build_registers, make_parties
from gateway.app import app as broker_app
from gateway.settings import BrokerSettings
from party.health import health
from party.server import serve
from party.wire import MAX_REPLY_BYTES, HttpWire, Response, Unreachable
from tests.releases import Prepared
from tests.rvdk_service import TOKEN, rvdk_service


class Clock:
    """Time as the chain sees it: the machine's, moved by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class AsgiWire:
    """Carries requests to apps in this process, by address. `sent` and `cut` are for tests: what went, and
    what does not arrive.
    """

    def __init__(self, apps: Mapping[str, Any]) -> None:
        self._apps = apps
        self.sent: list[tuple[str, str, str, bytes]] = []
        self.cut: Callable[[str, str, str], str | None] = lambda method, address, path: None

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def send(
        self,
        method: str,
        address: str,
        path: str,
        *,
        body: bytes | None = None,
        content_type: str = "application/json",
        bearer: str | None = None,
        timeout_s: float,
    ) -> Response:
        how = self.cut(method, address, path)
        if how == "before" or address not in self._apps:
            raise Unreachable("cut")
        self.sent.append((method, address, path, body or b""))
        headers = {"Accept": "application/json, text/plain"}
        if body is not None:
            headers["Content-Type"] = content_type
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        transport = httpx.ASGITransport(self._apps[address], raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=address, trust_env=False) as client:
            asked = client.build_request(method, path, content=body, headers=headers)
            try:
                async with asyncio.timeout(timeout_s):
                    response = await client.send(asked, stream=True, follow_redirects=False)
                    content = b"".join([part async for part in response.aiter_raw()])
            except TimeoutError:
                raise Unreachable("timeout") from None
        if how == "after":
            raise Unreachable("cut")
        if len(content) > MAX_REPLY_BYTES:
            raise Unreachable("the response is too large")
        return Response(response.status_code, content)


class AsgiCaller(DemoCaller):
    """Somebody of a partner, calling the node's app in this process."""

    def __init__(self, world: "LocalWorld", partner: str, token: str | None) -> None:
        self._world = world
        self._partner = partner
        self._token = token

    def call(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        response = self.raw(method, path, None if body is None else json.dumps(body).encode())
        if response.status >= 400:
            raise Refused(response.status, str(json.loads(response.body).get("code")))
        return json.loads(response.body) if response.body else None

    def raw(self, method: str, path: str, body: bytes | None) -> Response:
        wire = AsgiWire(self._world.apps)
        address = self._world.address(self._partner)
        return self._world.do(wire.send(method, address, path, body=body, bearer=self._token, timeout_s=60))


class LocalWorld(World):
    """The chain in this process. Every part may be stopped and started again; its databases stay."""

    def __init__(
        self,
        folder: Path,
        *,
        databases: Callable[[str], dict[str, str]] | None = None,
        http: bool = False,
        opa_url: str | None = None,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        members: tuple[Member, ...] = FIVE,
        adapters: Mapping[str, Adapter] | None = None,
    ) -> None:
        """`databases` gives the URLs `database` and `subject_keys` of a party (SQLite in the folder if left
        out); `adapters`, by party, what does not come with the program.
        """
        super().__init__(folder, lambda _: None, day_of(datetime.now(UTC)), members=members)
        self.clock = Clock()
        self.prepared: Prepared | None = None
        self.apps: dict[str, Any] = {}
        self.wire = AsgiWire(self.apps)
        self._databases = databases or (lambda _: {})
        self._http = http
        self._opa_url = opa_url
        self._more = settings or {}
        self._adapters = adapters or {}
        self._stacks: dict[str, AsyncExitStack] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="chain", daemon=True)
        self._thread.start()
        self._issuer_keys = {partner: ec.generate_private_key(ec.SECP256R1()) for partner in self.parties}

    def do(self, awaitable: Any) -> Any:
        """Runs something on the chain's loop and brings back its result."""
        return asyncio.run_coroutine_threadsafe(awaitable, self._loop).result(120)

    def settings(self, party: str) -> dict[str, Any]:
        values = {
            **super().settings(party),
            "obligations_every_s": 3600,
            # a busy machine is not a partner that is away
            **({"witness_every_s": 10, "partner_timeout_s": 15} if party == BROKER else {}),
            **self._databases(party),
            **self._more.get(party, {}),
            **self._more.get("*", {}),
        }
        values.pop("demo_clock")  # the clock is an argument here
        if not self._more.get(party, {}).get("time_stamp_authority"):
            values.pop("time_stamp_authority", None)
        if party != BROKER:
            row = json.loads(ECAlgorithm.to_jwk(self._issuer_keys[party].public_key()))
            jwks = {"keys": [{**row, "kid": f"test-{party}", "use": "sig", "alg": "ES256"}]}
            path = self.folder / f"{party}-jwks.json"
            path.write_text(json.dumps(jwks), encoding="utf-8")
            values |= {
                "jwks": str(path),
                "issuer": f"https://idp.example/{party}",
                "poll_s": 0.1,
                "broker_timeout_s": 30,
                "releases_s": 3600,
                "beat_s": 0.01,
                "count_attempts": "PT0S",  # the cast is asked about in every test
            }
            values |= self._more.get(party, {})
        if self._opa_url is not None:
            values |= {"policy_engine": "server", "opa_url": self._opa_url, "opa_timeout_s": 15}
        return values

    def start(self, party: str) -> None:
        if party not in (BROKER, *self.parties):
            return
        self._stacks[party] = self.do(self._started(party))

    def wait_ready(self, party: str) -> None:
        return None

    def stop(self, party: str) -> None:
        stack = self._stacks.pop(party, None)
        self.apps.pop(self.address(party), None)
        if stack is not None:
            self.do(stack.aclose())

    def close(self) -> None:
        for party in list(self._stacks):
            self.stop(party)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def token(self, partner: str, role: str, **claims: Any) -> str:
        """An access token of this partner's identity provider; `claims` replace or add."""
        now = int(self.clock().timestamp())
        told = {
            "iss": f"https://idp.example/{partner}",
            "aud": f"grondslag-{partner}",
            "sub": f"test-{partner}-{role}",
            "iat": now,
            "exp": now + 3600,
            "roles": [role],
            "mandated": True,
        }
        header = {"kid": f"test-{partner}", "typ": "at+jwt"}
        return jwt.encode({**told, **claims}, self._issuer_keys[partner], "ES256", header)

    def caller(self, partner: str, role: str, number: int = 1) -> AsgiCaller:
        return AsgiCaller(self, partner, self.token(partner, role, sub=f"test-{partner}-{role}-{number}"))

    def now(self) -> datetime:
        return self.clock()

    def pass_time(self, passed: timedelta) -> None:
        """The clock jumps ahead, and every node has its turn."""
        self.clock.ahead += passed
        if self.address(BROKER) in self.apps:
            self.do(self.apps[self.address(BROKER)].state.overdue.look())
        for partner in self.parties:
            if self.address(partner) in self.apps:
                self.inform(partner)

    def inform(self, partner: str) -> None:
        """The next turn of this partner's duty to inform."""
        node = self.apps[self.address(partner)].state.node
        informing = node.informing
        for turn in (node.overdue.follow, informing.remind, node.outbox.deliver_due, informing.follow):
            self.do(turn())

    def proposal(self) -> Proposal:
        """What RvdK proposes in the story; `prepared` is set by whoever plays it."""
        assert self.prepared is not None
        return Proposal(self.prepared.release, self.prepared.certificate)

    async def _started(self, party: str) -> AsyncExitStack:
        values = self.settings(party)
        wire = HttpWire() if self._http else self.wire
        made: Any
        if party == BROKER:
            made = broker_app(BrokerSettings(**values), now=self.clock, wire=wire)
        else:
            adapter = self._adapters.get(party)
            made = node_app(NodeSettings(**values), now=self.clock, wire=wire, adapter=adapter)
        stack = AsyncExitStack()
        if self._http:
            stop, up = asyncio.Event(), asyncio.Event()
            ports = {"port": self.ports[party], "management_port": self.ports[f"{party}.management"]}
            serving = asyncio.create_task(
                serve(made, health(made, {}), **ports, shutdown=stop, started=lambda *_: up.set())
            )
            await asyncio.wait([serving, asyncio.create_task(up.wait())], return_when=asyncio.FIRST_COMPLETED)

            async def end() -> None:
                stop.set()
                await serving

            stack.push_async_callback(end)
        else:
            await stack.enter_async_context(made.router.lifespan_context(made))
        self.apps[self.address(party)] = made
        return stack


@contextmanager
def local_world(folder: Path, *, registers: Path, **chosen: Any) -> Iterator[LocalWorld]:
    """A running chain on registers that were built before (`small_registers`)."""
    world = LocalWorld(folder, **chosen)
    (folder / "register").symlink_to(registers, target_is_directory=True)
    make_parties(world)
    if chosen.get("databases") is None:
        _put_databases(folder, world.parties)
    database = f"sqlite:///{registers / 'rvdk'}.sqlite"
    with rvdk_service(database, lambda: day_of(world.clock())) as place:
        (folder / "rvdk-token").write_text(TOKEN, encoding="utf-8")
        world.ports["rvdk_register"] = int(place.rpartition(":")[2])
        try:
            for party in (BROKER, *world.parties):
                world.start(party)
            yield world
        finally:
            world.close()


def _put_databases(folder: Path, parties: tuple[str, ...]) -> None:
    """Empty databases of every party, so that not each chain makes its tables anew."""
    made = _empty_databases()
    for party in (BROKER, *parties):
        kind = "broker" if party == BROKER else "node"
        shutil.copyfile(made / f"{kind}.sqlite", folder / party / "trail.sqlite")
        shutil.copyfile(made / "keys.sqlite", folder / party / "subject-keys.sqlite")


@cache
def _empty_databases() -> Path:
    """Made by the same migrations as a party's own, once in a run."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, scripts in (
        ("broker", (TRAIL, gateway.app.MIGRATIONS)),
        ("node", (TRAIL, adapters.node.app.MIGRATIONS)),
        ("keys", (KEYS,)),
    ):
        for one in scripts:
            migrate(f"sqlite:///{folder / name}.sqlite", one)
    return folder


def small_registers(folder: Path) -> Path:
    """Registers of some hundreds of persons each, with everyone of the stories; the folder to hand to
    `local_world`.
    """
    world = World(folder, lambda _: None, day_of(datetime.now(UTC)))
    build_registers(world, 0.003)
    return (folder / "register").resolve()
