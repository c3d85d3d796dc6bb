"""What must hold of a chain after any number of kills, read from the databases of its parties alone."""

import json
from base64 import urlsafe_b64decode
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from adapters.node.answering import inbox
from adapters.node.asking.enrichments import Enrichment, Sent, _enrichment, enrichments
from audit.checkpoint import verify_checkpoint
from audit.merkle import Tree, leaf_hash
from audit.receipt import verify_receipt
from audit.trail import Opened, Trail
from contract.codes import BROKER
from contract.directory import Directory
from contract.keys import read_keys
from contract.signatory import trail_origin
from demo.members import PARTIES
from gateway.inquiries import inquiries
from gateway.inquiries.inquiries import Accepted
from tests.world import LocalWorld

Question = tuple[str, int]
"""An inquiry's id and the place of a question in it."""

_PROVEN_AT_ONCE = 500


@dataclass(frozen=True)
class Ledger:
    """A party's whole trail, verified from leaves to checkpoint."""

    party: str
    entries: list[Opened]

    def of(self, *kinds: str) -> Iterator[tuple[int, dict[str, Any], Any]]:
        """Position, facts and opened part of each entry of these kinds."""
        for one in self.entries:
            facts = one.recorded.facts
            if facts["kind"] in kinds:
                yield one.recorded.position, facts, one.part


@dataclass(frozen=True)
class Books:
    """The trails of all parties, and the rows of the requester, the broker and the holders."""

    ledgers: dict[str, Ledger]
    asked: list[Enrichment]
    accepted: dict[str, Accepted]
    taken: dict[str, dict[str, inbox.Taken]]

    def sent(self) -> Iterator[tuple[Enrichment, Sent]]:
        for enrichment in self.asked:
            for one in enrichment.inquiries:
                yield enrichment, one


def open_books(world: LocalWorld) -> Books:
    """Reads everything. Raises TrailError, VerifyError or AssertionError when a trail does not hold."""
    ledgers: dict[str, Ledger] = {}
    rows: dict[str, Any] = {}
    for party in (BROKER, *PARTIES):
        ledgers[party], rows[party] = world.do(_read(world, party))
    return Books(
        ledgers,
        rows["veilig_thuis"][0],
        {one.jti: one for one in rows[BROKER]},
        {party: {one.jti: one for one in rows[party][1]} for party in PARTIES},
    )


async def _read(world: LocalWorld, party: str) -> tuple[Ledger, Any]:
    directory = Directory.read(world.folder / "directory.json")
    keyring = read_keys(world.folder / party / "keys.json", party=party, demo=True)
    settings = world.settings(party)
    origin = trail_origin(directory.party(party).oin)
    trail = Trail(
        settings["database"],
        origin=origin,
        keys=keyring.trail,
        keys_url=settings["subject_keys"],
        kek=keyring.wrapping,
        now=world.clock,
    )
    await trail.open()  # the stored checkpoint is the one of the stored tree
    try:
        entries = [one async for one in trail.entries()]
        checkpoint = verify_checkpoint(
            trail.checkpoint(), origin, [key.public_key() for key in keyring.trail]
        )
        assert [one.recorded.position for one in entries] == list(range(checkpoint.size)), party
        tree, _ = Tree().extended([leaf_hash(one.recorded.leaf) for one in entries])
        assert tree.root() == checkpoint.root, f"{party}: the leaves are not those of the checkpoint"
        for first in range(0, checkpoint.size, _PROVEN_AT_ONCE):
            positions = range(first, min(first + _PROVEN_AT_ONCE, checkpoint.size))
            proven = await trail.prove(positions)
            for position, leaf, proof in zip(positions, proven.leaves, proven.proofs, strict=True):
                verify_receipt(leaf, position, proof, checkpoint)
        rows = await trail.read(_broker_rows if party == BROKER else _node_rows)
        return Ledger(party, entries), rows
    finally:
        await trail.close()


def _broker_rows(store: Any) -> list[Accepted]:
    return [inquiries._accepted(row) for row in store.execute(select(inquiries.inquiries)).mappings()]


def _node_rows(store: Any) -> tuple[list[Enrichment], list[inbox.Taken]]:
    return (
        [_enrichment(row) for row in store.execute(select(enrichments)).mappings()],
        [inbox._taken(row) for row in store.execute(select(inbox.inbox)).mappings()],
    )


def wrong(books: Books) -> list[str]:
    """Every way in which these books do not agree; empty when all is well."""
    return [
        *_answers_without_entries(books),
        *_answered_twice(books),
        *_receipts_broken(books),
        *_disagreeing(books),
        *_stuck(books),
    ]


def stuck(books: Books) -> list[str]:
    return [*_disagreeing(books), *_stuck(books)]


def _answers_without_entries(books: Books) -> Iterator[str]:
    """An answer at the requester needs the permit, the reply and the holder's own entry, each in a trail."""
    permits: dict[Question, int] = {}
    replies: dict[Question, list[int]] = defaultdict(list)
    for position, facts, _ in books.ledgers[BROKER].of("permit"):
        permits[facts["inquiry"], facts["index"]] = position
    for position, facts, _ in books.ledgers[BROKER].of("reply"):
        for outcome in facts["outcomes"]:
            if outcome["status"] == "answered":
                replies[facts["inquiry"], outcome["index"]].append(position)
    asked = {facts["inquiry"] for _, facts, _ in books.ledgers["veilig_thuis"].of("inquiry")}
    for question, holder, codes in _held(books):
        if question[0] not in asked:
            yield f"{question}: answered, and never recorded as asked"
        if question not in permits:
            yield f"{question}: answered without a permit in the broker's trail"
        elif not any(position > permits[question] for position in replies[question]):
            yield f"{question}: answered without a reply in the broker's trail"
        given = _given(books, holder).get(question)
        if given is None:
            yield f"{question}: answered without an entry in the trail of {holder}"
        elif given != [codes]:
            yield f"{question}: {holder} recorded {given}, the requester holds {codes}"


def _held(books: Books) -> Iterator[tuple[Question, str, Any]]:
    for _, facts, part in books.ledgers["veilig_thuis"].of("answer"):
        if "holder" in facts:  # an answer that it received, not one that it gave
            yield (facts["inquiry"], facts["index"]), facts["holder"], part["answer"]["codes"]


def _given(books: Books, holder: str) -> dict[Question, list[Any]]:
    given: dict[Question, list[Any]] = defaultdict(list)
    for _, facts, part in books.ledgers[holder].of("answer"):
        if facts["status"] == "answered":
            given[facts["inquiry"], facts["index"]].append(part["answer"]["codes"])
    return given


def _answered_twice(books: Books) -> Iterator[str]:
    for holder in PARTIES:
        if holder != "veilig_thuis":
            for question, codes in _given(books, holder).items():
                if len(codes) > 1:
                    yield f"{question}: {holder} answered {len(codes)} times"
    held: dict[Question, set[str]] = defaultdict(set)
    for question, _, codes in _held(books):
        held[question].add(json.dumps(codes))
    yield from (
        f"{question}: two answers {sorted(codes)}" for question, codes in held.items() if len(codes) > 1
    )
    asked: dict[str, int] = defaultdict(int)
    for _, facts, _ in books.ledgers[BROKER].of("inquiry"):
        asked[facts["inquiry"]] += 1
    yield from (f"{jti}: accepted {times} times" for jti, times in asked.items() if times > 1)


def _receipts_broken(books: Books) -> Iterator[str]:
    """What the broker has once proven to be in its trail still stands there, byte for byte."""
    trail = books.ledgers[BROKER].entries
    for _, sent in books.sent():
        if sent.receipt is not None:
            for entry in _payload(sent.receipt)["entries"]:
                position = entry["position"]
                if position >= len(trail) or trail[position].recorded.leaf != entry["leaf"].encode():
                    yield f"{sent.jti}: its receipt proves another entry at {position}"


def _payload(token: str) -> Any:
    body = token.split(".")[1]
    return json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def _disagreeing(books: Books) -> Iterator[str]:
    """Requester, broker and holder tell the same of every question."""
    for _, sent in books.sent():
        accepted = books.accepted.get(sent.jti)
        if sent.state == "failed":
            if accepted is not None:
                yield f"{sent.jti}: failed at the requester ({sent.problem}), accepted by the broker"
            continue
        if sent.state != "sent" or accepted is None:
            yield f"{sent.jti}: {sent.state} at the requester, accepted: {accepted is not None}"
            continue
        taken = books.taken[sent.holder].get(sent.jti)
        for item in sent.items:
            there = accepted.questions[item.index].state
            if item.state != there:
                yield f"{sent.jti} {item.index}: {item.state} at the requester, {there} at the broker"
            at_holder = taken.question(item.index) if taken is not None else None
            said = _SAID.get(at_holder.state) if at_holder is not None else None
            if there not in {"refused", "sent"} and there != said:
                yield f"{sent.jti} {item.index}: {there} at the broker, {said} at {sent.holder}"
            if (item.state == "answered") != (item.answer_at is not None):
                yield f"{sent.jti} {item.index}: {item.state}, and answer is {item.answer_at}"


_SAID = {
    "answered": "answered",
    "released": "answered",
    "refused": "refused_by_holder",
    "declined": "refused_by_holder",
    "waits": "waits_for_person",
    "opened": "waits_for_person",
}


def _stuck(books: Books) -> Iterator[str]:
    """All is final or waits for a person; nothing lies anywhere that should be on its way."""
    for _, sent in books.sent():
        for item in sent.items:
            if sent.state == "draft" or (sent.state == "sent" and item.state in {"sent", "late"}):
                yield f"{sent.jti} {item.index}: still {sent.state}/{item.state}"
    for accepted in books.accepted.values():
        if accepted.token is not None:
            yield f"{accepted.jti}: still at the broker for {accepted.holder}"
    for partner, taken in books.taken.items():
        for one in taken.values():
            if any(not later["delivered"] for later in one.later):
                yield f"{one.jti}: an answer of {partner} not handed in"
