"""The releases of the hand-out at a node: what this partner accepted, and what was agreed with the others.

- The node answers under nothing that its own party did not accept: by installing it, by an officer's
  approval, because this node worked out itself that it touches none of this partner's questions, or, where
  the directory lets others speak for this kind, because all of those signed.
- When a release comes in force is believed from a partner's signed step alone, never from the broker. What
  was heard once holds: a step of which the broker tells no longer is a misdeed, and is recorded.
- What an officer reads of a release is what this node worked out, never what the broker tells; who agrees
  signs the digest of what was shown.
- An officer's step is an entry here before it leaves.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

from sqlalchemy import JSON, Column, Connection, Integer, LargeBinary, String, Table, select

from adapters.node.broker_line import BrokerLine
from adapters.node.tables import metadata
from adapters.partners import Adapter, verify_questions
from audit.entry import Entry
from audit.kinds import Kind
from audit.trail import Trail
from contract.codes import BROKER
from contract.documents import ReleaseStep
from contract.problems import (
    Conflict,
    DocumentMalformed,
    NotFound,
    NothingBefore,
    NotShown,
    OwnProposal,
    PartnerUnreachable,
    Problem,
    ReleaseUnfit,
)
from contract.releases import (
    Examined,
    Life,
    Step,
    Turn,
    digest_of_shown,
    in_force,
    read_examined,
    read_life,
    state,
    turns,
)
from contract.signatory import Signatory
from contract.signing import moment
from party.bearer import PRIVACY_OFFICER, Colleague
from party.events import Event, log
from party.hand_outs import HandOuts
from policies import PolicyError, Release, ReleaseError
from policies.bundle import pack, unpack
from policies.certificate import fingerprint, verify_certificate
from policies.effect import Effect, effect_apart, kept_effect
from policies.release import release_of

INSTALLED, UNTOUCHED, SPOKEN_FOR = "installed", "untouched", "spoken_for"

accepted_releases = Table(
    "accepted_releases",
    metadata,
    Column("release", String(71), primary_key=True),
    Column("bundle", LargeBinary, nullable=False),
    Column("accepted_by", String(64), nullable=False),
    Column("accepted_at", Integer, nullable=False),
)
heard_releases = Table(
    "heard_releases",  # what the broker told last, with the signed steps; one row
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("lives", JSON, nullable=False),
)


_FARTHEST = 253_402_300_799
"""The last moment that there is, in seconds; no trail is longer either."""
_NO_MORE = frozenset({"proposed", "unfit", "rejected", "retired"})
_TOLD = ("table", "changed", "wider", "back_wider", "partners")


@dataclass(frozen=True)
class Known:
    """A release as this partner sees it. `effect`: what this node worked out of it; None: not yet, or it is
    unfit here (`unfit`: why).
    """

    life: Life
    state: str
    accepted: bool
    effect: Effect | None
    unfit: str | None

    @property
    def shown(self) -> str | None:
        """The digest of all that is shown of it: what an agreement names."""
        return None if self.effect is None else _shown(self.life, self.effect)


class Releases:
    def __init__(
        self,
        signatory: Signatory,
        broker: BrokerLine,
        trail: Trail,
        hand_outs: HandOuts,
        adapter: Adapter,
        *,
        tables: Path | None,
    ) -> None:
        self._signatory = signatory
        self._broker = broker
        self._trail = trail
        self._hand_outs = hand_outs
        self._adapter = adapter
        self._tables = tables
        self._accepted: dict[str, Release] = {}
        self._lives: tuple[Life, ...] = ()
        self._turns: tuple[Turn, ...] = ()
        self._steps: dict[tuple[str, str], Step] = {}  # by release and document: checked once
        self._brought: dict[tuple[str, str], tuple[str | None, str, str | None]] = {}  # what proposals say
        self._effects: dict[tuple[str, str], Effect | ReleaseError] = {}
        self._gone: set[str] = set()  # steps of which the broker tells no longer: recorded once
        self._following = asyncio.Lock()
        self._examining = asyncio.Lock()

    async def open(self) -> None:
        """Takes up what was accepted and heard before; the very first time, what this node was installed
        with.

        Raises ReleaseError, TrailUnavailable.
        """
        first = self._hand_outs.first
        bundles, told = await self._trail.scan(_load)
        if not bundles:
            verify_questions(self._adapter, first)
            key = self._signatory.keyring.signing_key(self._signatory.now())
            await self._accept(first, pack(first, key.private, key.kid), by=INSTALLED)
        for bundle in bundles.values():
            release = await asyncio.to_thread(unpack, bundle, None)
            self._accepted[release.revision] = release
        self._hear([read_life(one) for one in told])
        verify_questions(self._adapter, self._hand_outs.newest(self._now()))

    async def follow(self) -> None:
        """Hears what was agreed on, and accepts what does not touch this partner; a broker that is down is
        asked again next time. Raises a problem of the broker, TrailUnavailable.
        """
        with suppress(PartnerUnreachable):
            await self._listen()
            await self._examine_open()
            await self._take_over_untouched()

    async def hear(self) -> None:
        """Hears at once what was agreed on, when a permit names a release that was not in force as far as we
        knew. Working anything out waits for the next round.
        """
        with suppress(PartnerUnreachable):
            await self._listen()

    async def _listen(self) -> None:
        async with self._following:
            told = json.loads((await self._broker.call("GET", "/v1/releases")).body)["releases"]
            await self._record_gone(told)
            lives = self._joined(told)
            if lives != self._lives:
                await self._trail.append([], lambda store, _: _save_heard(store, lives))
                self._hear(lives)

    def listed(self, person: Colleague) -> list[Known]:
        """Raises NotAllowed."""
        person.needs(PRIVACY_OFFICER)
        return [self._known(life) for life in self._lives]

    def one(self, revision: str, person: Colleague) -> Known:
        """Raises NotAllowed, NotFound."""
        found = [known for known in self.listed(person) if known.life.release == revision]
        if not found:
            raise NotFound
        return found[0]

    def _known(self, life: Life) -> Known:
        found = self._effects.get((life.base or "", life.release))
        held = life.base in self._accepted and life.release in self._accepted
        if found is None and life.base is not None and held:  # agreed on before this node started
            found = kept_effect(self._accepted[life.base], self._accepted[life.release], self._tables)
        return Known(
            life,
            self._state(life),
            life.release in self._accepted,
            found if isinstance(found, Effect) else None,
            str(found) if isinstance(found, ReleaseError) else None,
        )

    async def propose(
        self,
        files: Mapping[str, bytes],
        certificate: str,
        name: str,
        changelog: str,
        *,
        not_before: int | None,
        person: Colleague,
    ) -> str:
        """Brings a new release, signed by this partner. Its revision.

        Raises NotAllowed, ReleaseUnfit, PartnerUnreachable, TrailUnavailable, and what the broker says.
        """
        person.needs(PRIVACY_OFFICER)
        now = self._signatory.now()
        try:
            release = release_of(files)
            found = json.loads(certificate)
            verify_certificate(found, revision=release.revision, digest=fingerprint(found))
        except (ReleaseError, ValueError, AttributeError) as error:
            raise ReleaseUnfit(str(error) if isinstance(error, ReleaseError) else None) from None
        key = self._signatory.keyring.signing_key(now)
        bundle = pack(release, key.private, key.kid)
        fields = {
            "at": int(now.timestamp()) if not_before is None else not_before,
            "base": self._hand_outs.revision(int(now.timestamp())),
            "bundle": hashlib.sha256(bundle).hexdigest(),
            "certificate": fingerprint(found),
            "name": name,
            "changelog": changelog,
        }
        token = await self._signed("propose", release.revision, person, None, **fields)
        body = {"step": token, "bundle": base64.b64encode(bundle).decode(), "certificate": certificate}
        await self._broker.call("POST", "/v1/releases", body)
        return release.revision

    async def step(
        self, step: str, revision: str, person: Colleague, *, at: int | None = None, shown: str | None = None
    ) -> None:
        """Agrees, refuses, puts in force (`at`: when, now if left out) or takes back. Who agrees does so on
        what this node itself worked out and showed (`shown`: its digest), not on what the broker tells.

        Raises NotAllowed, NotFound, OwnProposal, NotShown, ReleaseUnfit, PartnerUnreachable,
        TrailUnavailable, and what the broker says.
        """
        person.needs(PRIVACY_OFFICER)
        await self._listen()
        life = next((one for one in self._lives if one.release == revision), None)
        if life is None:
            raise NotFound
        fields: dict[str, Any] = {}
        if step == "approve" and self._state(life) == "unfit":
            raise ReleaseUnfit(None if life.examined is None else life.examined.unfit)
        if step == "approve" and self._state(life) in _NO_MORE:
            raise Conflict
        if step == "approve":
            if life.proposal is not None and life.proposal.officer == self._signatory.officer(person.user):
                raise OwnProposal
            release, bundle = await self._fetched(life)
            fields = {"shown": await self._verify_shown(life, release, shown), "acr": person.acr}
            if revision not in self._accepted:
                await self._accept(release, bundle, by=person.user)
        if step == "activate":
            fields["at"] = int(self._signatory.now().timestamp()) if at is None else at
        proposal = None if life.proposal is None else life.proposal.digest
        token = await self._signed(step, revision, person, proposal, **fields)
        await self._broker.call("POST", "/v1/release-steps", {"step": token})
        await self.hear()

    async def roll_back(self, person: Colleague) -> str:
        """Puts the release before the one in force in force again, at once; which one. Raises NothingBefore,
        and as `step`.
        """
        person.needs(PRIVACY_OFFICER)
        await self._listen()
        current = self._hand_outs.revision(self._now())
        before = next((life.base for life in self._lives if life.release == current), None)
        if before is None:
            raise NothingBefore
        await self.step("activate", before, person)
        return before

    # ── what is accepted ──

    async def _verify_shown(self, life: Life, release: Release, shown: str | None) -> str:
        """The digest of what this node shows of a release, when that is what was read, and the broker tells
        of it what it does. Raises NotShown, ReleaseUnfit, Conflict when its base is not accepted here.
        """
        if life.base not in self._accepted:
            raise Conflict
        try:
            found = await self._effect(self._accepted[life.base], release)
        except PolicyError as error:
            raise ReleaseUnfit(str(error)) from None
        if not self._as_told(life, found):
            raise ReleaseUnfit("De centrale vertelt van deze versie iets anders dan zij doet.")
        if shown is None or shown != _shown(life, found):
            raise NotShown
        return shown

    def _as_told(self, life: Life, found: Effect) -> bool:
        """Whether the broker tells of this release what it does, and who must sign."""
        told = life.examined or Examined()
        same = all(getattr(told, name) == getattr(found, name) for name in _TOLD)
        return same and told.signers == self._signers(found.partners, life)

    async def _examine_open(self) -> None:
        """Works out what waits for an officer, so that it can be shown."""
        for life in self._lives:
            if life.base not in self._accepted or (life.base, life.release) in self._effects:
                continue
            if self._state(life) in {"examined", "agreed", "planned"}:
                with suppress(PolicyError, ReleaseUnfit):
                    release, _ = await self._fetched(life)
                    await self._effect(self._accepted[life.base], release)

    async def _take_over_untouched(self) -> None:
        for life in self._lives:
            if life.release in self._accepted or life.base not in self._accepted:
                continue
            if self._state(life) not in {"agreed", "planned", "in_force"}:
                continue
            found = self._effects.get((life.base, life.release))
            if found is None:
                release, _ = await self._fetched(life)
                with suppress(PolicyError):
                    found = await self._effect(self._accepted[life.base], release)
            if not isinstance(found, Effect):
                continue
            by = self._taken_over(life, found) if self._as_told(life, found) else None
            if by is None:
                log(Event.RELEASE_WAITS, revision=life.release)
            else:
                await self._accept(*await self._fetched(life), by=by)

    def _taken_over(self, life: Life, found: Effect) -> str | None:
        """Why no officer of this party need look at it; None when one must."""
        me = self._signatory.party
        if me.partner not in found.partners:
            return UNTOUCHED
        if me.signs:
            return None
        speaking = self._signers({str(me.partner)}, life)
        spoken_for = bool(speaking) and me.code not in speaking and life.approved.issuperset(speaking)
        return SPOKEN_FOR if spoken_for else None

    def _signers(self, partners: Iterable[str], life: Life) -> tuple[str, ...]:
        """Who spoke for these kinds when this release was brought."""
        brought = self._signatory.now() if life.proposal is None else moment(life.proposal.recorded_at)
        return self._signatory.directory.signers(partners, brought)

    async def _effect(self, base: Release, release: Release) -> Effect:
        """Worked out once, also when it is unfit: it takes a minute. Raises ReleaseError,
        PolicyUnavailable.
        """
        key = base.revision, release.revision
        if key not in self._effects:
            async with self._examining:
                if key not in self._effects:
                    try:
                        self._effects[key] = await effect_apart(base, release, self._tables)
                    except ReleaseError as error:
                        self._effects[key] = error
        found = self._effects[key]
        if isinstance(found, ReleaseError):
            raise ReleaseError(str(found))
        return found

    async def _fetched(self, life: Life) -> tuple[Release, bytes]:
        """The release and its bundle, under the key of whoever brought it. Raises ReleaseUnfit,
        PartnerUnreachable, NotFound.
        """
        response = await self._broker.call("GET", f"/v1/releases/{life.release.removeprefix('sha256:')}")
        brought_by = BROKER if life.proposal is None else life.proposal.party
        oin = self._signatory.directory.party(brought_by).oin
        when = self._signatory.now() if life.proposal is None else moment(life.proposal.recorded_at)
        try:
            bundle = base64.b64decode(json.loads(response.body)["bundle"], validate=True)
            release = await asyncio.to_thread(
                unpack, bundle, lambda kid: self._signatory.directory.signing_key(oin, kid, when)
            )
            if release.revision != life.release:
                raise ReleaseError("The broker gave another release than was asked for.")
            verify_questions(self._adapter, release)
        except (ReleaseError, ValueError, KeyError, TypeError) as error:
            raise ReleaseUnfit(str(error) if isinstance(error, ReleaseError) else None) from None
        return release, bundle

    async def _accept(self, release: Release, bundle: bytes, *, by: str) -> None:
        row = {
            "release": release.revision,
            "bundle": bundle,
            "accepted_by": by,
            "accepted_at": self._now(),
        }
        entry = Entry(Kind.RELEASE, {"step": "accept", "release": release.revision, "by": by})

        def save(store: Connection, _: object) -> None:
            known = accepted_releases.c.release
            if store.execute(select(known).where(known == release.revision)).first() is None:
                store.execute(accepted_releases.insert(), row)

        await self._trail.append([entry], save)
        self._accepted[release.revision] = release
        self._hold()

    async def _signed(
        self, step: str, revision: str, person: Colleague, proposal: str | None, **fields: Any
    ) -> str:
        signed = self._signatory.write(
            ReleaseStep,
            to=BROKER,
            step=cast(Any, step),
            release=revision,
            officer=self._signatory.officer(person.user),
            proposal=proposal,
            **fields,
        )
        facts = {"step": step, "release": revision, "by": person.user, "document": signed.digest}
        facts |= {name: fields[name] for name in ("shown", "acr") if name in fields}
        await self._trail.append([Entry(Kind.RELEASE, facts)])
        return signed.token

    # ── what is heard ──

    def _hear(self, lives: Sequence[Life]) -> None:
        self._lives = tuple(lives)
        self._turns = turns(lives)
        self._hold()
        current = in_force(self._turns, self._now()) if self._turns else self._hand_outs.first.revision
        if current not in self._accepted:
            log(Event.RELEASE_WAITS, revision=current)

    def _hold(self) -> None:
        self._hand_outs.hold(self._accepted, self._turns)

    def _joined(self, told: Sequence[Mapping[str, Any]]) -> tuple[Life, ...]:
        """What was heard before with what is told now. A release that cannot be read stays as it was heard,
        and stops no other; a signed step that was heard is never forgotten, whatever the broker leaves out.
        """
        heard = {life.release: life for life in self._lives}
        for one in told:
            try:
                life = self._read(one)
            except Problem as problem:
                log(Event.RELEASE_UNREADABLE, code=problem.code)
                continue
            first = next((one.release for one in heard.values() if one.base is None), life.release)
            if life.base is None and life.release != first:  # nobody installed two
                log(Event.RELEASE_UNREADABLE, code=DocumentMalformed.code)
                continue
            before = heard.get(life.release)
            checked = life.release in self._accepted  # the effect that was told then, was worked out here too
            heard[life.release] = life if before is None else _with_what_was_heard(before, life, checked)
        return tuple(heard.values())

    async def _record_gone(self, told: Sequence[Mapping[str, Any]]) -> None:
        """Steps that were heard and of which the broker tells no longer: the evidence, once, and an alarm.
        They hold all the same. Raises TrailUnavailable.
        """
        tells = {document for one in told for document in _documents(one)}
        for life in self._lives:
            for step in life.steps:
                if step.token in tells or step.digest in self._gone:
                    continue
                log(Event.RELEASE_STEP_GONE, revision=life.release)
                facts = {"misdeed": "release_step_gone", "release": life.release, "document": step.digest}
                await self._trail.append([Entry(Kind.MISDEED, facts)])
                self._gone.add(step.digest)

    def _read(self, told: Mapping[str, Any]) -> Life:
        """What the broker tells of one release, held against the signed steps. Raises DocumentMalformed."""
        try:
            steps = tuple(self._read_step(told["release"], one) for one in told["steps"])
            examined = None
            if told["examined"] is not None:
                examined = read_examined(told["examined"])
            life = Life(told["release"], told["base"], told["name"], told["changelog"], steps, examined)
        except (KeyError, TypeError) as error:
            raise DocumentMalformed from error
        if not all(isinstance(one, str) for one in (life.release, life.name, life.changelog)):
            raise DocumentMalformed  # what is heard is kept, so it is looked at first
        proposal = life.proposal
        brought: tuple[str | None, str, str | None] = (None, life.name, life.changelog)  # installed with
        if proposal is not None:
            brought = self._brought[life.release, proposal.token]
        if (life.base, life.name, life.changelog) != brought:
            raise DocumentMalformed
        return life

    def _read_step(self, release: str, told: Mapping[str, Any]) -> Step:
        known = self._steps.get((release, told["document"]))
        recorded = told["recordedAt"], told["position"]
        if not all(type(one) is int and 0 <= one <= _FARTHEST for one in recorded):
            raise DocumentMalformed
        if known is not None and (known.recorded_at, known.position) == recorded:
            return known
        received = self._signatory.read(
            ReleaseStep, told["document"], audience=BROKER, at=moment(told["recordedAt"])
        )
        said = received.document
        if said.release != release or received.sender.code == BROKER:
            raise DocumentMalformed
        if said.step == "propose":
            self._brought[release, received.token] = said.base, said.name or "", said.changelog
        self._steps[release, received.token] = Step(
            step=said.step,
            party=received.sender.code,
            officer=said.officer,
            digest=received.digest,
            token=received.token,
            recorded_at=told["recordedAt"],
            position=told["position"],
            at=said.at,
        )
        return self._steps[release, received.token]

    def _state(self, life: Life) -> str:
        return state(life, self._turns, self._now())

    def _now(self) -> int:
        return int(self._signatory.now().timestamp())


def _shown(life: Life, found: Effect) -> str | None:
    """None for a release that nobody brought."""
    return None if life.proposal is None else digest_of_shown(life.proposal.digest, found.shown.digest)


def _with_what_was_heard(before: Life, life: Life, checked: bool) -> Life:
    """`checked`: what was told of its effect before holds, since the steps that count follow from it."""
    known = {step.digest: step for step in before.steps}
    steps = sorted(
        {**{step.digest: step for step in life.steps}, **known}.values(), key=lambda one: one.position
    )
    brought_again = life.proposal is not None and life.proposal.digest not in known
    base = life.base if brought_again and before.base is not None else before.base
    told = (life.examined,) if brought_again else (life.examined, before.examined)
    examined = before.examined if checked and not brought_again else next(filter(None, told), None)
    return replace(life, base=base, steps=tuple(steps), examined=examined)


def _documents(told: object) -> Iterator[object]:
    """The steps of which the broker tells of one release, in whatever shape."""
    steps = told.get("steps") if isinstance(told, dict) else None
    for step in steps if isinstance(steps, list) else ():
        document = step.get("document") if isinstance(step, dict) else None
        if isinstance(document, str):
            yield document


def _load(store: Connection) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    rows = store.execute(select(accepted_releases.c.release, accepted_releases.c.bundle)).all()
    heard = store.execute(select(heard_releases.c.lives)).scalar()
    return {row.release: row.bundle for row in rows}, heard or []


def _save_heard(store: Connection, lives: Sequence[Life]) -> None:
    store.execute(heard_releases.delete())
    store.execute(heard_releases.insert(), {"number": 1, "lives": [asdict(life) for life in lives]})
