"""How a version of the hand-out is agreed on and comes in force: each step is signed by a partner, checked
here, and an entry of the trail.

- The broker works out itself what a proposal changes, of everything in it, and whether all holds that always
  must; who must agree follows from that, not from what anybody says. A certificate is held against it.
- A proposal changes the release that is in force. When another one comes in force first, it must be made
  anew.
- Nobody agrees to what the same officer brought.
- The moment of a change lies ahead when it is recorded; to roll back is a change to the release before.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from audit.entry import Entry
from audit.kinds import Kind
from audit.trail import Trail
from contract.directory import Party
from contract.documents import ReleaseStep
from contract.problems import (
    AlreadyAgreed,
    BackIsWider,
    Conflict,
    DocumentMalformed,
    DocumentReplayed,
    ManyProposals,
    MomentPast,
    NotAgreed,
    NotFound,
    NotInvolved,
    OwnProposal,
    ReleaseKnown,
    ReleaseStale,
    ReleaseUnfit,
    SenderUnknown,
    StillInForce,
)
from contract.releases import Examined, Life, Step, Turn, in_force, state, turns
from contract.signatory import Received, Signatory
from contract.signing import CLOCK_SKEW_S, moment
from gateway.handout import releases
from gateway.handout.recorded import taken_steps
from party.events import Event, log
from party.hand_outs import HandOuts
from policies import Release, ReleaseError
from policies.bundle import pack, unpack
from policies.certificate import verify_certificate
from policies.effect import effect_apart

FIRST = "eerste versie"
_DAY_S = 24 * 3600
_MOST_OPEN, _MOST_A_DAY = 5, 10
"""Proposals of one party that nobody has decided on, and that it brings within 24 hours: each costs
everybody a minute of examining. One party's many never stand in another's way.
"""


class Agreement:
    """`tables`: a folder in which tables of releases are kept, so that each is worked out once."""

    def __init__(
        self, signatory: Signatory, trail: Trail, hand_outs: HandOuts, *, tables: Path | None
    ) -> None:
        self._signatory = signatory
        self._trail = trail
        self._hand_outs = hand_outs
        self._tables = tables
        self._lives: dict[str, Life] = {}
        self._turns: tuple[Turn, ...] = ()
        self._refreshing = asyncio.Lock()

    async def open(self) -> None:
        """Takes up what was agreed before; the very first time, the release that this broker was installed
        with.

        Raises TrailUnavailable, ReleaseError: also when a step is gone that the trail says was taken.
        """
        if not await self._trail.read(releases.load):
            first = self._hand_outs.first
            life = Life(first.revision, None, FIRST, "", (), None)
            key = self._signatory.keyring.signing_key(self._signatory.now())
            bundle = pack(first, key.private, key.kid)
            entry = Entry(Kind.RELEASE, {"step": "install", "release": first.revision})
            await self._trail.append(
                [entry], lambda store, _: releases.put(store, life, bundle=bundle, certificate=None)
            )
        await self.refresh()
        told = await self._trail.scan(taken_steps)
        known = {step.digest for life in self._lives.values() for step in life.steps}
        if not told <= known:
            raise ReleaseError(
                "The database lacks a step with a release of the hand-out that the trail says was taken. "
                "Put a back-up back that has it; without it this broker decides by the wrong release."
            )

    async def refresh(self) -> None:
        """Holds what the database says: also what another process of this broker recorded."""
        async with self._refreshing:
            lives = {life.release: life for life in await self._trail.read(releases.load)}
            if lives == self._lives:
                return
            held = {}
            for release in {turn.release for turn in turns(lives.values())}:
                if not self._hand_outs.holds(release):
                    held[release] = await self._release(release)
            self._lives, self._turns = lives, turns(lives.values())
            self._hand_outs.hold(held, self._turns)

    async def propose(self, token: str, bundle: bytes, certificate: str) -> Life:
        """Takes a new release up. Handing the same proposal in again changes nothing.

        Raises a document problem, ReleaseUnfit, ReleaseKnown, ReleaseStale, ManyProposals, TrailUnavailable.
        """
        read_at = self._now()
        received = self._read(token, {"propose"}, read_at)
        said = received.document
        known = self._lives.get(said.release)
        if known is not None:
            if known.proposal is not None and known.proposal.digest == received.digest:
                return known
            if known.examined is None or not known.examined.again:
                raise ReleaseKnown
        if hashlib.sha256(bundle).hexdigest() != said.bundle or said.name is None:
            raise DocumentMalformed
        try:
            release = await asyncio.to_thread(unpack, bundle, self._key_of(received.sender))
            if release.revision != said.release:
                raise ReleaseError("The bundle holds another release than the proposal says.")
            verify_certificate(_found(certificate), revision=release.revision, digest=str(said.certificate))
        except ReleaseError as error:
            raise ReleaseUnfit(str(error)) from None
        if said.base != self._hand_outs.revision(self._now()):
            raise ReleaseStale
        self._verify_room(received.sender.code, read_at)

        def record(life: Life) -> Callable[..., None]:
            return lambda store: releases.put(store, life, bundle=bundle, certificate=certificate)

        steps = () if known is None else known.steps  # what was unfit may be brought again
        fresh = Life(said.release, said.base, said.name or "", said.changelog or "", steps, None)
        return await self._recorded(fresh, received, record, read_at)

    async def step(self, token: str) -> Life:
        """Takes a step with a release that is known. Raises a document problem, NotFound, DocumentReplayed,
        and why the step cannot be taken now: NotInvolved, OwnProposal, AlreadyAgreed, NotAgreed,
        ReleaseStale, BackIsWider, MomentPast, StillInForce, Conflict; TrailUnavailable.
        """
        read_at = self._now()
        received = self._read(token, {"approve", "reject", "activate", "retire"}, read_at)
        said = received.document
        life = self._lives.get(said.release)
        if life is None:
            raise NotFound
        if said.step == "approve" and said.shown is None:
            raise DocumentMalformed  # what nobody was shown is agreed on by nobody
        if any(step.digest == received.digest for step in life.steps):
            raise DocumentReplayed
        proposal = life.proposal
        if said.proposal != (None if proposal is None else proposal.digest):
            raise DocumentMalformed
        {
            "approve": self._verify_approval,
            "reject": self._verify_rejection,
            "activate": self._verify_activation,
            "retire": self._verify_retirement,
        }[said.step](life, received)

        def record(after: Life) -> Callable[..., None]:
            return lambda store: releases.change(store, after, before=life.steps)

        try:
            return await self._recorded(life, received, record, read_at)
        except releases.Changed:
            await self.refresh()
            raise Conflict from None

    def listed(self) -> list[Life]:
        """Every release."""
        return [*self._lives.values()]

    async def bundle(self, release: str) -> tuple[bytes, str | None]:
        """The signed bundle, and the certificate that came with it. Raises NotFound."""

        def load(store: Any) -> tuple[bytes | None, str | None]:
            return releases.load_bundle(store, release), releases.load_certificate(store, release)

        bundle, certificate = await self._trail.scan(load)
        if bundle is None:
            raise NotFound
        return bundle, certificate

    def state(self, life: Life) -> str:
        return state(life, self._turns, self._now())

    async def examine_due(self) -> None:
        """Works out the effect of what was proposed, and records who must agree.

        Raises PolicyUnavailable when that was cut short: at the next turn again.
        """
        for life in [*self._lives.values()]:
            if life.base is not None and life.examined is None:
                await self._examine(life, life.base)

    # ── the steps ──

    def _verify_room(self, party: str, now: int) -> None:
        """Raises ManyProposals."""
        brought = [
            (life, step)
            for life in self._lives.values()
            for step in life.steps
            if step.step == "propose" and step.party == party
        ]
        undecided = {life.release for life, _ in brought if self.state(life) in {"proposed", "examined"}}
        today = sum(step.recorded_at > now - _DAY_S for _, step in brought)
        if len(undecided) >= _MOST_OPEN or today >= _MOST_A_DAY:
            raise ManyProposals

    def _verify_approval(self, life: Life, received: Received[ReleaseStep]) -> None:
        said = received.document
        if self.state(life) in {"proposed", "rejected", "retired", "unfit"}:
            raise Conflict
        if life.proposal is not None and life.proposal.officer == said.officer:
            raise OwnProposal
        if received.sender.code in life.approved:
            raise AlreadyAgreed

    def _verify_rejection(self, life: Life, received: Received[ReleaseStep]) -> None:
        if self.state(life) not in {"examined", "agreed"}:
            raise Conflict
        if life.needed and received.sender.code not in life.needed:
            raise NotInvolved

    def _verify_activation(self, life: Life, received: Received[ReleaseStep]) -> None:
        at, now = received.document.at or 0, self._now()
        current = self._lives[in_force(self._turns, now)]
        rolls_back = current.base == life.release
        if received.sender.code not in (current if rolls_back else life).involved:
            raise NotInvolved
        if self.state(life) not in {"agreed", "superseded"}:  # what was in force before was agreed on
            raise NotAgreed
        proposal = life.proposal
        earliest = proposal.at if proposal is not None and proposal.at is not None else 0
        if at < now - CLOCK_SKEW_S or at < earliest:
            raise MomentPast
        if any(turn.at > now for turn in self._turns):
            raise Conflict  # another change is planned: it is to be taken back first
        if not rolls_back and life.base != current.release:
            raise ReleaseStale
        if rolls_back and current.back_wider:
            raise BackIsWider

    def _verify_retirement(self, life: Life, received: Received[ReleaseStep]) -> None:
        now = self.state(life)
        current = self._lives[in_force(self._turns, self._now())]
        if life.release in {current.release, current.base}:
            raise StillInForce  # or what is to be gone back to when the present one turns out wrong
        if now in {"retired", "rejected", "unfit"}:
            raise Conflict
        if received.sender.code not in life.involved:
            raise NotInvolved

    async def _recorded(
        self,
        life: Life,
        received: Received[ReleaseStep],
        record: Callable[[Life], Callable[..., None]],
        recorded_at: int,
    ) -> Life:
        """`recorded_at`: when the step was read, in its time: as of then every node reads it again."""
        said = received.document
        facts: dict[str, Any] = {
            "step": said.step,
            "release": said.release,
            "by": received.sender.code,
            "officer": said.officer,
            "document": received.digest,
        }
        if said.step == "propose":
            facts |= {"base": said.base, "bundle": said.bundle, "certificate": said.certificate}
        if said.shown is not None:
            facts |= {"shown": said.shown, "acr": said.acr}
        if said.at is not None:
            facts["effective"] = said.at

        def save(store: Any, recorded: Any) -> Life:
            step = Step(
                step=said.step,
                party=received.sender.code,
                officer=said.officer,
                digest=received.digest,
                token=received.token,
                recorded_at=recorded_at,
                position=recorded[0].position,
                at=said.at,
            )
            after = replace(life, steps=(*life.steps, step))
            record(after)(store)
            return after

        after = (await self._trail.append([Entry(Kind.RELEASE, facts)], save)).result
        log(Event.RELEASE_STEP, step=said.step, revision=said.release, partner=received.sender.code)
        await self.refresh()
        return after

    async def _examine(self, life: Life, base: str) -> None:
        """Minutes of nobody's time: it runs apart. What does not fit is said, and ends the proposal."""
        try:
            new, old = await self._release(life.release), await self._release(base)
            found = await effect_apart(old, new, self._tables)
            brought = moment(life.proposal.recorded_at) if life.proposal else self._signatory.now()
            examined = Examined(
                table=found.table,
                changed=found.changed,
                wider=found.wider,
                back_wider=found.back_wider,
                partners=found.partners,
                signers=self._signatory.directory.signers(found.partners, brought),
            )
            _, certificate = await self._trail.read(
                lambda store: (None, releases.load_certificate(store, life.release))
            )
            if certificate is not None and _found(certificate).get("digest") != examined.table:
                told = "Het certificaat vertelt niet hoe deze versie beslist."
                examined = Examined(unfit=told, again=True)
        except ReleaseError as error:
            examined = Examined(unfit=str(error))
        facts: dict[str, Any] = {
            "step": "examine",
            "release": life.release,
            "changed": examined.changed,
            "wider": examined.wider,
            "back_wider": examined.back_wider,
            "needed": list(examined.signers),
            "fit": examined.unfit is None,
        }

        def save(store: Any, _: object) -> None:
            releases.change(store, replace(life, examined=examined), before=life.steps)

        try:
            await self._trail.append([Entry(Kind.RELEASE, facts)], save)
        except releases.Changed:  # somebody took a step meanwhile: at the next turn
            return
        log(Event.RELEASE_STEP, step="examine", revision=life.release)
        await self.refresh()

    # ── reading ──

    def _read(self, token: str, steps: set[str], at: int) -> Received[ReleaseStep]:
        received = self._signatory.read(ReleaseStep, token, at=moment(at))
        if received.document.step not in steps or received.sender.code == self._signatory.party.code:
            raise DocumentMalformed
        if not received.sender.takes_part(self._signatory.now()):
            raise SenderUnknown  # who left agrees on nothing any more; what it agreed on before stands
        return received

    async def _release(self, revision: str) -> Release:
        bundle = await self._trail.scan(lambda store: releases.load_bundle(store, revision))
        if bundle is None:
            raise ReleaseError("The bundle of a release is gone.")
        return await asyncio.to_thread(unpack, bundle, None)  # it was checked when it came in

    def _key_of(self, sender: Party) -> Callable[[str], Any]:
        now = self._signatory.now()
        return lambda kid: self._signatory.directory.signing_key(sender.oin, kid, now)

    def _now(self) -> int:
        return int(self._signatory.now().timestamp())


def _found(certificate: str) -> Mapping[str, Any]:
    try:
        found = json.loads(certificate)
    except (ValueError, RecursionError) as error:
        raise ReleaseError("The certificate is not JSON.") from error
    if not isinstance(found, dict):
        raise ReleaseError("The certificate is not one of `policy check`.")
    return found
