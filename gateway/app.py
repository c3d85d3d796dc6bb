"""The broker as a process: the one place where its parts are chosen and put together."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from fastapi import FastAPI

from audit.book import Book
from audit.errors import VerifyError
from audit.retention import Retention
from audit.stamp import read_roots
from contract.codes import BROKER
from contract.documents import Caller
from gateway.broker import Broker
from gateway.forgetting import FORGETTING
from gateway.handout import release_routes
from gateway.handout.agreement import Agreement
from gateway.inquiries import (
    case_routes,
    inquiry_routes,
    overdue_routes,
    rectification_routes,
    reply_routes,
)
from gateway.inquiries.courier import Courier
from gateway.inquiries.overdue import OverdueAlarms
from gateway.inquiries.rectifications import Rectifications
from gateway.obligations import obligation_routes
from gateway.obligations.obligation_steps import ObligationSteps
from gateway.settings import BrokerSettings
from gateway.trail import comparison_routes, witness_routes
from gateway.trail.comparisons import Comparisons
from gateway.trail.stamping import Stamping
from gateway.trail.witnesses import Witness, Witnesses, of_directory, outside
from party.clock import clock_of
from party.http import api
from party.retaining import LOOK_EVERY_S, daily
from party.rounds import rounds
from party.settings import SettingsProblem
from party.start import PROBLEMS, Start, say_strange, started
from party.wire import HttpWire, Wire
from policies.catalogue import Catalogue

API_VERSION = "1.0.0"
_BEARER = (
    f"Een ondertekend document `{Caller.typ}` van uw knooppunt, voor dit ene adres en ten hoogste een minuut "
    "geldig, in de kop `Authorization`."
)
MIGRATIONS = Path(__file__).with_name("migrations")


def _outside(text: str) -> Witness:
    try:
        return outside(text)
    except VerifyError as problem:
        raise SettingsProblem(
            f"A witness in `witnesses` cannot be used: {problem}. Write its key, a space and its address.",
            "witnesses",
        ) from None


def _stamping(settings: BrokerSettings, start: Start, wire: Wire) -> Stamping | None:
    if settings.time_stamp_authority is None:
        return None
    try:
        roots = read_roots((settings.time_stamp_roots or Path()).read_bytes())
    except (OSError, VerifyError):
        raise SettingsProblem(
            "The file that `time_stamp_roots` names holds no certificates (PEM). Put there whom the "
            "time-stamp authority comes from.",
            "time_stamp_roots",
        ) from None
    return Stamping(
        start.signatory,
        wire,
        start.trail,
        authority=settings.time_stamp_authority,
        roots=roots,
        alarm_after=timedelta(seconds=settings.stamp_alarm_after_s),
    )


def app(
    settings: BrokerSettings, *, now: Callable[[], datetime] | None = None, wire: Wire | None = None
) -> FastAPI:
    """The broker's API. Nothing is opened before its lifespan starts."""

    now = now or clock_of(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        line = wire or HttpWire(settings.tls())
        async with started(settings, BROKER, migrations=MIGRATIONS, now=now) as start:
            agreement = Agreement(start.signatory, start.trail, start.hand_outs, tables=settings.tables)
            await line.open()
            try:
                witnesses = Witnesses(
                    start.signatory,
                    line,
                    start.trail,
                    [*of_directory(start.signatory), *map(_outside, settings.witnesses)],
                    quorum=settings.quorum,
                    timeout_s=settings.partner_timeout_s,
                )
                await witnesses.verify_newest()
                await agreement.open()
                await start.record()
                courier = Courier(start.signatory, line, timeout_s=settings.partner_timeout_s)
                broker = Broker(
                    start.signatory,
                    courier,
                    start.hand_outs,
                    start.trail,
                    most_at_once=settings.most_at_once,
                    keep_replies=settings.keep_replies,
                )
                book = Book(start.trail, joint=True, strange=say_strange)

                def newest() -> Catalogue:
                    return start.hand_outs.newest(int(now().timestamp())).catalogue

                informing = ObligationSteps(start.signatory, start.trail, book, catalogue=newest)
                overdue = OverdueAlarms(start.signatory, start.trail, catalogue=newest)
                retention = Retention(
                    start.trail, book, now=now, keep_entries=settings.keep_entries, forgetting=FORGETTING
                )
                app.state.informing, app.state.overdue = informing, overdue
                app.state.rectifying = Rectifications(start.signatory, start.trail)
                app.state.comparing = Comparisons(start.signatory, start.trail)
                stamping = _stamping(settings, start, line)
                app.state.signatory = start.signatory
                app.state.broker, app.state.agreement = broker, agreement
                app.state.witnesses, app.state.stamping = witnesses, stamping
                app.state.checks.update(start.checks())
                async with rounds(
                    **({"stamp": (stamping.look, settings.stamp_look_every_s)} if stamping else {}),
                    deliver=(broker.deliver_due, settings.retry_every_s),
                    agree=(agreement.refresh, settings.retry_every_s),
                    examine=(agreement.examine_due, settings.retry_every_s),
                    show=(witnesses.show, settings.witness_every_s),
                    alarm=(overdue.look, settings.obligations_every_s),
                    inform=(informing.look, settings.obligations_every_s),
                    retain=(daily(retention, now), LOOK_EVERY_S),
                ):
                    yield
            finally:
                await line.close()

    made = api(
        title="Grondslag: centrale",
        description=(
            "De centrale past de hand-out toe op elke vraag, legt elke stap vast en geeft haar door. "
            "Zij weet niet wie de betrokkenen zijn en kan geen antwoord lezen."
        ),
        version=API_VERSION,
        lifespan=lifespan,
        problems=PROBLEMS,
        bearer=_BEARER,
    )
    made.include_router(case_routes.router)
    made.include_router(overdue_routes.router)
    made.include_router(inquiry_routes.router)
    made.include_router(reply_routes.router)
    made.include_router(release_routes.router)
    made.include_router(witness_routes.router)
    made.include_router(rectification_routes.router)
    made.include_router(comparison_routes.router)
    made.include_router(obligation_routes.router)
    return made
