"""The examples in `deploy/` are what app, nginx, OPA and systemd take, and hold the rules of its README."""

import asyncio
import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from typer.testing import CliRunner

from adapters.node.settings import NodeSettings
from contract.keys import make_keys, read_keys, write_keys
from gateway.settings import BrokerSettings
from party.commands.init import app as init
from party.health import health
from party.http import _from_a_proxy
from party.server import serve
from party.settings import PartySettings, read_settings
from party.start import _engine
from policies import OpaServerPolicy, PolicyUnavailable, Release, ReleaseError, load_release
from policies.bundle import pack
from tests.authority import Authority
from tests.opa import opa_program, opa_server
from tests.sample_api import sample

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
KINDS: dict[str, type[PartySettings]] = {"broker": BrokerSettings, "node": NodeSettings}
OINS = {"node": "00000001000000000000", "broker": "00000001000000000004"}
"""Who may come in at whose door."""


def _text(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def _settings(party: str, tmp_path: Path) -> PartySettings:
    """As the unit starts it: the file, and secrets from files of their own."""
    named = re.findall(
        r"Environment=(GRONDSLAG_[A-Z_]+_FILE)=%d/", _text(f"systemd/grondslag-{party}.service")
    )
    for name in named:
        (tmp_path / name).write_text(f"postgresql+psycopg://grondslag@db.partner.example/{name}")
    return read_settings(
        KINDS[party], DEPLOY / "settings" / f"{party}.toml", {name: str(tmp_path / name) for name in named}
    )


@pytest.mark.parametrize("party", KINDS)
def test_the_settings_are_whole_and_safe(party: str, tmp_path: Path) -> None:
    """The app takes them; loopback, no demo, a certificate, no secret in the file."""
    settings = _settings(party, tmp_path)
    assert not settings.demo
    assert settings.host == "127.0.0.1"
    assert settings.certificate is not None
    assert settings.authorities is not None
    assert settings.port != settings.management_port
    assert "://" not in re.sub(r'(issuer|jwks|opa_url) = "[^"]*"', "", _text(f"settings/{party}.toml"))


def test_the_look_of_the_readme_has_all_that_the_units_give() -> None:
    """The same files of secrets, program and settings, so that it can succeed as it is written."""
    look = re.search(r"```sh\n *env (.*?)```", _text("README.md"), re.DOTALL)
    unit = _text("systemd/grondslag-node.service")
    assert look
    given = dict(re.findall(r"(GRONDSLAG_[A-Z_]+)=(\S+)", look[1]))
    credentials = dict(re.findall(r"LoadCredential=([a-z_]+):(\S+)", unit))
    assert given == {f"GRONDSLAG_{name.upper()}_FILE": place for name, place in credentials.items()}
    [program] = re.findall(r"ExecStart=(\S+)", unit)
    assert f"{program} doctor --settings /etc/grondslag/node.toml --node" in look[1]


def test_every_setting_that_is_named_exists() -> None:
    """In any file here: GRONDSLAG_X is a field of a party's settings, or names a file with one."""
    known = {name.upper() for kind in KINDS.values() for name in kind.model_fields}
    named = {
        name.removesuffix("_FILE")
        for path in FILES
        for name in re.findall(r"GRONDSLAG_([A-Z_]+)", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 5
    assert named <= known


def test_the_demo_is_nowhere() -> None:
    """Only the rule against it names it."""
    for path in FILES:
        for line in path.read_text(encoding="utf-8").splitlines():
            assert "demo" not in line.lower() or "nowhere" in line, path.name


def test_every_file_of_the_readme_is_there() -> None:
    """And every metric that it explains is one."""
    for link in re.findall(r"\]\(([^)]+)\)", _text("README.md")):
        assert (DEPLOY / link).exists(), link
    code = "".join(
        path.read_text(encoding="utf-8")
        for package in ("adapters", "audit", "gateway", "party")
        for path in (DEPLOY.parent / package).rglob("*.py")
    )
    metrics = set(re.findall(r"`(grondslag_[a-z_]+)`", _text("README.md")))
    assert metrics == set(re.findall(r'"(grondslag_[a-z_]+)"', code))


@pytest.mark.parametrize("party", KINDS)
def test_a_unit_starts_its_party_and_gives_it_time_to_stop(party: str, tmp_path: Path) -> None:
    """Longer than the app takes, which must finish its requests and close its trail."""
    unit = _text(f"systemd/grondslag-{party}.service")
    assert f"--settings /etc/grondslag/{party}.toml" in unit
    [limit] = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert int(limit) > _settings(party, tmp_path).stop_within_s + 10
    for rule in (
        "User=grondslag",
        "LimitCORE=0",
        "UMask=0077",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
    ):
        assert rule in unit.splitlines()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="There is no systemd here.")
@pytest.mark.parametrize("name", ["grondslag-broker", "grondslag-node", "opa"])
def test_systemd_takes_the_units(name: str, tmp_path: Path) -> None:
    """With a program that is there; what it does not know it says."""
    unit = re.sub(r"ExecStart=\S+", f"ExecStart={shutil.which('true')}", _text(f"systemd/{name}.service"))
    path = tmp_path / f"{name}.service"
    path.write_text(unit, encoding="utf-8")
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not [line for line in said.stderr.splitlines() if path.name in line]


@pytest.mark.parametrize("party", KINDS)
def test_every_way_in_is_shut_or_known(party: str, tmp_path: Path) -> None:
    """Client certificates at the chain's door, one upstream on the app's port, management nowhere."""
    conf, settings = _text(f"nginx/{party}.conf"), _settings(party, tmp_path)
    servers = re.split(r"^server \{", conf, flags=re.MULTILINE)[1:]
    assert "ssl_verify_client on;" in servers[0]
    assert "ssl_crl " in servers[0]
    for server in servers:
        assert re.search(r"^    listen [0-9.:]* ?443 ssl;", server.replace(":443", " 443"), re.MULTILINE)
        assert "include grondslag/tls.conf;" in server
        assert re.search(r"location / \{\s+return 404;", server)
    assert re.findall(r"server (127\.0\.0\.1:\d+);", conf) == [f"127.0.0.1:{settings.port}"]
    assert str(settings.management_port) not in conf
    assert "proxy_pass" not in conf, "only in hop.conf, which strips first"
    if party == "node":
        assert "(v1/permits|witness/add-checkpoint)$ {\n        return 404;" in servers[1]


def test_the_hop_strips_what_the_app_would_drop() -> None:
    """The same list at both: every header that the proxy blanks is one that the app believes from nobody."""
    blanked = re.findall(r'^proxy_set_header ([A-Za-z-]+) "";', _text("nginx/hop.conf"), re.MULTILINE)
    others = {"Connection", "Cookie"}
    assert len(blanked) > 10
    assert [name for name in blanked if name not in others and not _from_a_proxy(name.lower().encode())] == []


def test_tls_is_new_enough_and_nothing_is_kept() -> None:
    """No old versions, no tickets, no access log; HSTS on every response."""
    conf = _text("nginx/tls.conf")
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in conf
    assert re.search(r'Strict-Transport-Security "max-age=\d{8,}" always;', conf)
    for rule in ("ssl_session_tickets off;", "access_log off;", "server_tokens off;"):
        assert rule in conf


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def nginx(party: str, folder: Path, chain: Authority, port: int, app_port: int) -> Iterator[None]:
    """nginx on this party's file, with ports and certificates of the test."""
    program = shutil.which("nginx")
    if program is None:
        pytest.skip("There is no nginx here: install it to try its configuration.")
    tls = folder / "tls"
    tls.mkdir()
    for name in ("server", "intern"):
        certificate, key = chain.give(name)
        shutil.copy(certificate, tls / f"{name}.pem")
        shutil.copy(key, tls / f"{name}.key")
    shutil.copy(chain.path, tls / "authorities.pem")
    shutil.copy(chain.revoked, tls / "authorities.crl")
    shutil.copytree(DEPLOY / "nginx", folder / "grondslag")
    conf = _text(f"nginx/{party}.conf").replace("/etc/grondslag/tls", str(tls))
    conf = conf.replace("listen 443", f"listen 127.0.0.1:{port}")
    conf = conf.replace("listen 10.0.0.10:443", f"listen 127.0.0.1:{_free_port()}")
    conf = conf.replace("127.0.0.1:8000", f"127.0.0.1:{app_port}")
    (folder / "party.conf").write_text(conf, encoding="utf-8")
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;"
        f"events {{ }} http {{ {places} include party.conf; }}",
        encoding="utf-8",
    )
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=30, check=False)
    assert tried.returncode == 0, tried.stderr
    assert "[warn]" not in tried.stderr
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _asked(
    party: str, folder: Path, path: str, *, oin: str | None, name: str = "partner", **headers: str
) -> tuple[int, object]:
    """What nginx and a sample app behind it answer somebody with a certificate of this name and OIN."""
    chain = Authority(folder, "chain")
    port, stop, up = _free_port(), asyncio.Event(), asyncio.Event()

    async def one() -> tuple[int, object]:
        app, app_port = sample(), _free_port()
        serving = asyncio.create_task(
            serve(
                app,
                health(app, {}),
                port=app_port,
                management_port=0,
                shutdown=stop,
                started=lambda *_: up.set(),
            )
        )
        await up.wait()
        context = ssl.create_default_context(cafile=chain.path)
        if oin is not None:
            context.load_cert_chain(*chain.give(name, oin=oin or None))
        place = folder / "nginx"
        place.mkdir()
        try:
            with nginx(party, place, chain, port, app_port):
                async with (
                    aiohttp.ClientSession() as client,
                    client.get(f"https://127.0.0.1:{port}{path}", ssl=context, headers=headers) as response,
                ):
                    assert response.headers["Strict-Transport-Security"]
                    assert "nginx/" not in response.headers.get("Server", "")
                    whole = response.content_type == "application/json"
                    return response.status, await response.json() if whole else None
        finally:
            stop.set()
            await serving

    return asyncio.run(one())


def test_a_partner_gets_in_and_what_it_says_of_itself_does_not(tmp_path: Path) -> None:
    """Through nginx to an app: the trace arrives, the planted headers do not."""
    planted = {
        "X-Forwarded-For": "planted",
        "X-Real-IP": "planted",
        "X-SSL-Client-S-DN": "planted",
        "Client-Cert": "planted",
        "Fsc-Authorization": "planted",
        "Cookie": "session=planted",
        "tracestate": "planted",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    status, arrived = _asked("broker", tmp_path, "/v1/headers", oin=OINS["broker"], **planted)
    assert status == 200
    assert isinstance(arrived, dict)
    assert arrived["traceparent"] == planted["traceparent"]
    assert "planted" not in str(arrived)


@pytest.mark.parametrize(
    ("party", "path", "oin", "name", "expected"),
    [
        ("broker", "/v1/headers", "00000001999999999999", "partner", 403),
        ("broker", "/v1/headers", "", "partner", 403),
        ("broker", "/v1/headers", "", f"x,serialNumber={OINS['broker']}", 403),
        ("broker", "/v1/headers", None, "partner", 400),
        ("broker", "/healthz/ready", OINS["broker"], "partner", 404),
        ("node", "/v1/permits", OINS["broker"], "partner", 403),
        ("node", "/v1/headers", OINS["node"], "partner", 404),
        ("node", "/metrics", OINS["node"], "partner", 404),
        ("node", "/v1/openapi.json", OINS["broker"], "partner", 200),
    ],
)
def test_others_and_other_addresses_do_not(  # noqa: PLR0917 - one row of the table
    party: str, path: str, oin: str | None, name: str, expected: int, tmp_path: Path
) -> None:
    """No certificate, an OIN that is not listed or stands in another field, a route of another door."""
    assert _asked(party, tmp_path, path, oin=oin, name=name)[0] == expected


@contextmanager
def _opa(folder: Path) -> Iterator[str]:
    """OPA as its unit starts it, with this folder for those of the machine."""
    config = folder / "opa.yaml"
    config.write_text(_text("opa/opa.yaml").replace("/var/lib/grondslag-opa", str(folder)), encoding="utf-8")
    url = f"http://127.0.0.1:{_free_port()}"
    unit = _text("systemd/opa.service").replace("\\\n", " ")
    [line] = re.findall(r"^ExecStart=\S+ (.*)$", unit, re.MULTILINE)
    for there, here in (
        ("127.0.0.1:8181", url.removeprefix("http://")),
        ("/etc/grondslag/opa/opa.yaml", str(config)),
        ("/etc/grondslag/opa/party.pem", str(folder / "party.pem")),
        ("/etc/grondslag/opa/authz", str(DEPLOY / "opa/authz")),
    ):
        assert there in line
        line = line.replace(there, here)
    process = subprocess.Popen(
        [opa_program(), *line.split()], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _wait(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not done() and time.monotonic() < until:
        time.sleep(0.02)


def _open(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) == 0


def _party(folder: Path, url: str, name: str = "keys.json") -> tuple[Any, Any]:
    """A broker that decides at this OPA server, and who it is; its key goes where OPA expects it."""
    keys = folder / name
    write_keys(keys, make_keys("broker", demo=False, now=datetime.now(UTC)))
    keyring = read_keys(keys, party="broker", demo=False)
    made = CliRunner().invoke(init, ["pem", "--party", "broker", "--keys", str(keys)])
    (folder / "party.pem").write_text(made.output, encoding="utf-8")
    settings = SimpleNamespace(
        policy_engine="server",
        opa_url=url,
        opa_token=None,
        opa_timeout_s=15,
        opa_bundle=folder / "handout.tar.gz",
    )
    return settings, SimpleNamespace(keyring=keyring, now=lambda: datetime.now(UTC))


def test_opa_takes_up_what_its_party_gives_it_and_takes_nothing_else(tmp_path: Path) -> None:
    """Begun anew after the party wrote the release, as the path unit has it; the app's own call passes, and
    writing a policy, reading data and other queries do not.
    """
    assert "PathChanged=/var/lib/grondslag-opa/handout.tar.gz" in _text("systemd/opa-release.path")
    assert "restart opa.service" in _text("systemd/opa-release.service")
    release = load_release()
    port = _free_port()
    settings, signatory = _party(tmp_path, f"http://127.0.0.1:{port}")

    async def give_and_decide() -> str:
        opening = asyncio.create_task(_engine(settings, signatory)(release))
        await asyncio.to_thread(_wait, settings.opa_bundle.exists)
        with _opa(tmp_path) as url:
            settings.opa_url = url
            policy = await opening
            await policy.close()
            for method, path in (
                ("GET", "/v1/data"),
                ("GET", "/v1/policies"),
                ("PUT", "/v1/policies/ours"),
                ("PUT", "/v1/data/handout"),
                ("POST", "/v1/data/handout/decision"),
                ("POST", "/v1/query"),
                ("GET", "/metrics"),
            ):
                async with aiohttp.request(method, url + path, data=b"{}") as refused:
                    assert refused.status == 401, path
            return policy.engine

    assert asyncio.run(give_and_decide()).startswith("opa ")


def test_opa_takes_up_no_release_that_its_party_did_not_sign(tmp_path: Path) -> None:
    """One of another key, and one without a signature, in the very place of the party's own."""
    release = load_release()
    other, _ = _party(tmp_path, "http://127.0.0.1:1", "other.json")
    _party(tmp_path, "http://127.0.0.1:1")
    stranger = read_keys(tmp_path / "other.json", party="broker", demo=False).signing[0]
    for bundle in (pack(release), pack(release, stranger.private, stranger.kid)):
        other.opa_bundle.write_bytes(bundle)
        with _opa(tmp_path) as url:
            _wait(lambda url=url: _open(url))
            with pytest.raises(PolicyUnavailable):
                asyncio.run(OpaServerPolicy.open(url, release.revision, release.catalogue, timeout_s=5))


@contextmanager
def _listening() -> Iterator[tuple[str, list[str]]]:
    """An address, and the paths that were asked for there."""
    paths: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", paths
        server.shutdown()
        serving.join()


def _calling(release: Release, url: str) -> Release:
    """The release with a rule that tells this address what it is asked; no reader of ours takes it."""
    path = "handout/case/case.rego"
    send = f'http.send({{"method": "get", "url": concat("/", ["{url}", input.purpose])}})'
    rule = f'\nreasons contains "case_closed" if {send}.status_code == 500\n'
    return replace(release, files={**release.files, path: release.files[path] + rule.encode()})


async def _ask_opa(url: str, method: str, path: str, body: str) -> int:
    async with aiohttp.request(method, url + path, data=body.encode()) as answer:
        await answer.read()
        return answer.status


def test_a_rule_that_calls_out_reaches_nobody_from_the_opa_of_a_party(tmp_path: Path) -> None:
    """A plain OPA server carries it out; ours takes up neither the bundle, nor the rule, nor the query."""
    asked = json.dumps({"input": {"items": [{"purpose": "enrich_referral"}]}})
    batch = ("POST", "/v1/data/handout/batch", asked)
    _party(tmp_path, "http://127.0.0.1:1", "other.json")
    _party(tmp_path, "http://127.0.0.1:1")
    stranger = read_keys(tmp_path / "other.json", party="broker", demo=False).signing[0]
    with _listening() as (listener, paths):
        release = _calling(load_release(), listener)
        with opa_server(release) as plain:
            assert asyncio.run(_ask_opa(plain, *batch)) == 200
        assert paths == ["/enrich_referral"]
        paths.clear()
        send = f'http.send({{"method": "get", "url": "{listener}"}})'
        for bundle in (pack(release), pack(release, stranger.private, stranger.kid)):
            (tmp_path / "handout.tar.gz").write_bytes(bundle)
            with _opa(tmp_path) as url:
                _wait(lambda url=url: _open(url))
                for method, path, body in (
                    batch,
                    ("PUT", "/v1/policies/ours", f"package handout\n\nbatch := {send}\n"),
                    ("POST", "/v1/query", json.dumps({"query": f"x := {send}"})),
                    ("POST", "/v1/compile", json.dumps({"query": f"{send}.status_code == 200"})),
                    batch,
                ):
                    asyncio.run(_ask_opa(url, method, path, body))
        assert paths == []


def test_a_release_that_calls_out_is_never_given_to_opa(tmp_path: Path) -> None:
    files = _calling(load_release(), "http://127.0.0.1:1").files
    folder = tmp_path / "release"
    for path, content in files.items():
        place = tmp_path / "release" / path.removeprefix("handout/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    with pytest.raises(ReleaseError, match=r"http\.send"):
        load_release(folder)


def test_opa_reaches_no_other_machine() -> None:
    unit = _text("systemd/opa.service").splitlines()
    assert {"IPAddressDeny=any", "IPAddressAllow=localhost"} <= set(unit)
