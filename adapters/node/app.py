"""A partner's node as a process: the one place where its parts are chosen and put together."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import FastAPI

from adapters.node.answering import desk_routes, permit_routes, standing_routes
from adapters.node.answering.answering import Answering
from adapters.node.answering.attempts import Counting
from adapters.node.answering.desk import AnsweringDesk
from adapters.node.answering.marks import Marks, MarksError, read_marks
from adapters.node.asking import case_routes, enrichment_routes, onward_share_routes, overdue_routes
from adapters.node.asking.asking import Asking
from adapters.node.asking.cases import OwnCases
from adapters.node.asking.onward_shares import OnwardShares
from adapters.node.asking.opening import Opening
from adapters.node.asking.overdue import OverdueMeldingen
from adapters.node.broker_line import BrokerLine
from adapters.node.forgetting import FORGETTING
from adapters.node.handout import release_routes
from adapters.node.handout.releases import Releases
from adapters.node.informing import obligation_routes
from adapters.node.informing.informing import Informing
from adapters.node.informing.letters import Contact
from adapters.node.node import Node
from adapters.node.outbox import Outbox
from adapters.node.persons import Persons
from adapters.node.reviewing import review_routes
from adapters.node.reviewing.reviews import UrgentReviews
from adapters.node.rights import rights_routes
from adapters.node.rights.overviews import Overviews
from adapters.node.rights.rectifying import Rectifying
from adapters.node.rights.requests import Requests
from adapters.node.settings import NodeSettings
from adapters.node.trail import trail_routes, witness_routes
from adapters.node.trail.comparing import Comparing
from adapters.node.trail.exports import Exports
from adapters.node.trail.reading import Reading
from adapters.node.trail.witness import Witnessing
from adapters.partners import Adapter, RegisterUnavailable, adapter_for
from adapters.registers.thresholds import Thresholds, ThresholdsError, read_thresholds
from audit.book import Book
from audit.retention import Retention
from contract import problems
from contract.days import day_of
from contract.signatory import Signatory
from party.bearer import IdentityProvider, IdentityProviderUnavailable
from party.clock import clock_of
from party.health import working
from party.http import api
from party.retaining import LOOK_EVERY_S, daily
from party.rounds import rounds
from party.settings import SettingsProblem
from party.start import PROBLEMS, say_strange, started
from party.wire import HttpWire, Unreachable, Wire
from policies.catalogue import Catalogue

API_VERSION = "1.0.0"
MIGRATIONS = Path(__file__).with_name("migrations")
_PARTNER_API_TIMEOUT_S = 5.0
_COUNT_EVERY_S = 15.0
_LOOK_EVERY_S = 60.0
_HEAR_EVERY_S = 60.0


def app(
    settings: NodeSettings,
    *,
    now: Callable[[], datetime] | None = None,
    wire: Wire | None = None,
    adapter: Adapter | None = None,
) -> FastAPI:
    """The node's API. Nothing is opened before its lifespan starts; an `adapter` of the partner's own may be
    given.
    """

    now = now or clock_of(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        line = wire or HttpWire(settings.tls())
        async with AsyncExitStack() as stack:
            register = adapter or adapter_for(
                settings.partner,
                settings.register_url.get_secret_value(),
                thresholds=thresholds_of(settings, day_of(now())),
                today=lambda: day_of(now()),
                max_age_days=settings.register_max_age_days,
            )
            stack.push_async_callback(register.close)
            start = await stack.enter_async_context(
                started(settings, settings.party, migrations=MIGRATIONS, now=now)
            )
            broker = BrokerLine(start.signatory, line, timeout_s=settings.broker_timeout_s)
            releases = Releases(
                start.signatory, broker, start.trail, start.hand_outs, register, tables=settings.tables
            )
            verify_kind(start.signatory, settings.partner)
            await releases.open()
            await start.record()
            await line.open()
            stack.push_async_callback(line.close)

            def catalogue() -> Catalogue:
                return start.hand_outs.newest(int(now().timestamp())).catalogue

            witness = Witnessing(start.signatory, broker, start.trail)
            opening = Opening(start.signatory, witness.note)
            book = Book(start.trail, joint=False, strange=say_strange)
            retention = Retention(
                start.trail,
                book,
                now=now,
                keep_entries=settings.keep_entries,
                keep_workspace=settings.keep_workspace,
                forgetting=FORGETTING,
            )
            outbox = Outbox(broker, start.trail)
            exports = Exports(
                start.signatory, start.trail, settings.database.get_secret_value(), settings.exports
            )
            await exports.open()
            stack.push_async_callback(exports.close)
            persons = Persons(start.signatory.keyring.wrapping)
            requests = Requests(start.signatory, start.trail, catalogue=catalogue)
            contact = Contact(
                settings.postal_address, settings.officer_contact, settings.confidential_adviser
            )
            informing = Informing(
                start.signatory, broker, outbox, start.trail, book, catalogue=catalogue, contact=contact
            )
            node = Node(
                signatory=start.signatory,
                hand_outs=start.hand_outs,
                releases=releases,
                trail=start.trail,
                cases=OwnCases(start.signatory, broker, start.trail, opening, catalogue=catalogue),
                overdue=OverdueMeldingen(broker, start.trail, opening),
                asking=Asking(
                    start.signatory,
                    broker,
                    start.hand_outs,
                    start.trail,
                    opening,
                    poll_s=settings.poll_s,
                ),
                onward_shares=OnwardShares(start.signatory, start.trail),
                answering=Answering(
                    start.signatory,
                    start.hand_outs,
                    start.trail,
                    register,
                    counting=Counting(
                        start.signatory.keyring.wrapping,
                        kept=settings.count_attempts,
                        questions_a_day=settings.questions_a_day,
                    ),
                    beat=timedelta(seconds=settings.beat_s),
                    hear=releases.hear,
                    marks=_marks(settings.marked_persons),
                    persons=persons,
                ),
                desk=AnsweringDesk(
                    start.signatory,
                    line,
                    start.trail,
                    register,
                    catalogue=catalogue,
                    timeout_s=settings.broker_timeout_s,
                ),
                witness=witness,
                outbox=outbox,
                reading=Reading(start.trail),
                rectifying=Rectifying(start.signatory, broker, outbox, start.trail),
                requests=requests,
                overviews=Overviews(
                    start.signatory,
                    start.trail,
                    book,
                    informing,
                    requests,
                    persons=persons,
                    catalogue=catalogue,
                    contact=contact,
                ),
                reviews=UrgentReviews(start.trail, now),
                exports=exports,
                comparing=Comparing(start.signatory, broker, start.trail),
                informing=informing,
                people=IdentityProvider(settings.issuer, settings.audience, jwks(settings.jwks, line), now),
            )
            await node.comparing.begin()
            app.state.node = node
            app.state.checks.update(
                start.checks(),
                register=working(register.verify, RegisterUnavailable),
                identity_provider=working(node.people.verify, IdentityProviderUnavailable),
            )
            await stack.enter_async_context(
                rounds(
                    follow=(node.asking.follow_due, settings.poll_s / 2),
                    hand_in=(node.desk.deliver_due, settings.poll_s / 2),
                    agree=(releases.follow, settings.releases_s),
                    count=(node.desk.count_waiting, _COUNT_EVERY_S),
                    witness=(node.witness.look, _LOOK_EVERY_S),
                    alarm=(node.overdue.follow, settings.obligations_every_s),
                    remind=(node.informing.remind, settings.obligations_every_s),
                    tell=(outbox.deliver_due, settings.obligations_every_s),
                    correct=(node.rectifying.follow, _HEAR_EVERY_S),
                    overdue=(node.requests.look, LOOK_EVERY_S),
                    urgency=(node.reviews.look, LOOK_EVERY_S),
                    hear=(node.informing.follow, settings.obligations_every_s),
                    compare=(node.comparing.look, LOOK_EVERY_S),
                    sweep=(exports.sweep, LOOK_EVERY_S),
                    forget=(node.answering.forget, LOOK_EVERY_S),
                    retain=(daily(retention, now), LOOK_EVERY_S),
                )
            )
            yield

    made = api(
        title=f"Grondslag: knooppunt {settings.party}",
        description=(
            "Het knooppunt stelt vragen voor de mensen van deze organisatie. "
            "Het beantwoordt vragen van andere uit het eigen register."
        ),
        version=API_VERSION,
        lifespan=lifespan,
        problems={
            **PROBLEMS,
            RegisterUnavailable: problems.CannotLookUp,
            IdentityProviderUnavailable: problems.CannotSignIn,
        },
    )
    made.include_router(rights_routes.router)
    made.include_router(review_routes.router)
    made.include_router(trail_routes.router)
    made.include_router(permit_routes.router)
    made.include_router(case_routes.router)
    made.include_router(overdue_routes.router)
    made.include_router(enrichment_routes.router)
    made.include_router(onward_share_routes.router)
    made.include_router(desk_routes.router)
    made.include_router(standing_routes.router)
    made.include_router(release_routes.router)
    made.include_router(witness_routes.router)
    made.include_router(obligation_routes.router)
    return made


def _marks(path: Path | None) -> Marks:
    """Raises SettingsProblem."""
    try:
        return Marks() if path is None else read_marks(path)
    except MarksError as problem:
        raise SettingsProblem(f"{problem}", "marked_persons") from None


def verify_kind(signatory: Signatory, partner: str) -> None:
    """Raises SettingsProblem when the directory has another kind for this party than its adapter is of."""
    listed = signatory.party.partner
    if listed != partner:
        raise SettingsProblem(
            f"The directory lists this party as {listed}, the setting `partner` says {partner}. "
            "Set it to what the directory says, or mend the directory.",
            "partner",
        )


def thresholds_of(settings: NodeSettings, today: date) -> Thresholds:
    """The numbers of matching that the holder decided on. Raises SettingsProblem."""
    try:
        if settings.thresholds is None:
            return read_thresholds(today=today)
        return read_thresholds(settings.thresholds, today=today)
    except ThresholdsError as problem:
        raise SettingsProblem(str(problem), "thresholds") from None


def jwks(place: str, wire: Wire) -> Callable[[], Awaitable[bytes]]:
    """Brings the identity provider's keys from the one configured place. It raises OSError."""

    async def fetch() -> bytes:
        if not place.startswith(("http://", "https://")):
            return await asyncio.to_thread(Path(place).read_bytes)
        parts = urlsplit(place)
        try:
            response = await wire.send(
                "GET",
                f"{parts.scheme}://{parts.netloc}",
                f"{parts.path}?{parts.query}" if parts.query else parts.path,
                timeout_s=_PARTNER_API_TIMEOUT_S,
            )
        except Unreachable:
            raise OSError("the identity provider cannot be reached") from None
        if response.status != 200:
            raise OSError("the identity provider did not give its keys")
        return response.body

    return fetch
