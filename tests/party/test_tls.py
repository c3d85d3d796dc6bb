"""How a party calls another over https: it shows its certificate, and believes only its authorities."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gateway.settings import BrokerSettings
from party.settings import SettingsProblem
from party.wire import HttpWire, Unreachable
from tests.authority import Authority


def settings(**more: Any) -> BrokerSettings:
    return BrokerSettings(keys="k", directory="d", database="sqlite:///d", subject_keys="sqlite:///s", **more)


def asked(server: tuple[Path, Path], believed: Path, ours: BrokerSettings) -> int:
    """The status that a server gives us which wants a certificate of an authority that it believes."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response()

    async def one() -> int:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=believed)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(*server)
        app = web.Application()
        app.router.add_get("/v1/cases", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        wire = HttpWire(ours.tls())
        await wire.open()
        try:
            place = f"https://127.0.0.1:{runner.addresses[0][1]}"
            return (await wire.send("GET", place, "/v1/cases", timeout_s=5)).status
        finally:
            await wire.close()
            await runner.cleanup()

    return asyncio.run(one())


def test_who_shows_a_certificate_of_a_known_authority_gets_in(tmp_path: Path) -> None:
    """Both sides know who is there."""
    chain = Authority(tmp_path, "chain")
    certificate, key = chain.give("node")
    ours = settings(certificate=certificate, certificate_key=key, authorities=chain.path)
    assert asked(chain.give("broker"), chain.path, ours) == 200


def test_who_shows_none_or_one_of_another_authority_does_not(tmp_path: Path) -> None:
    """The other side closes the connection."""
    chain, other = Authority(tmp_path, "chain"), Authority(tmp_path, "other")
    certificate, key = other.give("node")
    for ours in (
        settings(authorities=chain.path),
        settings(authorities=chain.path, certificate=certificate, certificate_key=key),
    ):
        with pytest.raises(Unreachable):
            asked(chain.give("broker"), chain.path, ours)


def test_a_server_of_an_authority_that_we_do_not_believe_is_not_reached(tmp_path: Path) -> None:
    """Also when it would let us in."""
    chain, other = Authority(tmp_path, "chain"), Authority(tmp_path, "other")
    certificate, key = chain.give("node")
    ours = settings(certificate=certificate, certificate_key=key, authorities=chain.path)
    with pytest.raises(Unreachable):
        asked(other.give("broker"), chain.path, ours)


def test_files_that_cannot_be_used_stop_the_start(tmp_path: Path) -> None:
    """A missing file, a key of another certificate, something that is no PEM: one sentence."""
    chain = Authority(tmp_path, "chain")
    certificate, _ = chain.give("node")
    _, key = chain.give("another")
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("no certificate", encoding="utf-8")
    for wrong in (
        {"authorities": tmp_path / "missing.pem"},
        {"authorities": nonsense},
        {"certificate": certificate, "certificate_key": key},
        {"certificate": certificate},
    ):
        with pytest.raises(SettingsProblem, match="certificate_key"):
            settings(**wrong).tls()
