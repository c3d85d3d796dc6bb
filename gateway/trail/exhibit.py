"""What the broker's trail proves about one question: its entries with proofs in what witnesses signed and an
authority stamped, and a page about it for people. No answer is in it: the broker has none.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, select

from audit.checkpoint import verifier_key
from audit.exhibit import StateOfTrail, exhibit_of
from audit.kinds import DECISIONS
from audit.merkle import inclusion_proofs
from audit.tables import entries, stored, stored_head, stored_tiles
from audit.trail import Trail
from audit.witness import cosigner_key
from contract.codes import BROKER
from contract.directory import Directory
from contract.signatory import trail_origin, witness_name
from contract.words import EFFECTS, label
from gateway.handout.recorded import known_releases
from gateway.inquiries import inquiries
from gateway.inquiries.course import course, told_at
from gateway.trail.stamping import stamps
from gateway.trail.witnesses import cosigned
from party.pdf import pdf_of, templates
from policies import Decision, Release, load_release
from policies.engine import read_decision
from policies.words import Words

ATTACHED = "bewijs.json"
"""The name of the exhibit inside its PDF."""

_PAGE = templates(Path(__file__).parent).get_template("exhibit.html")
_FIELDS = [field.name for field in fields(Decision)]


class NoQuestion(Exception):
    """At this position stands no decision about a question, or it was pruned."""


async def exhibit(
    trail: Trail, directory: Directory, position: int, witnesses: Sequence[str] = ()
) -> dict[str, Any]:
    """The exhibit of the question whose permit or refusal stands at this position. `witnesses`: verifier keys
    of those outside the chain. Raises NoQuestion, TrailUnavailable.
    """
    leaves, states = await trail.scan(lambda store: _collected(store, position))
    facts = {place: orjson.loads(leaf) for place, leaf in leaves.items()}
    own = facts.pop(position)
    releases = {load_release().revision: load_release(), **await known_releases(trail)}
    origin = trail_origin(directory.party(BROKER).oin)
    of_chain = [
        cosigner_key(witness_name(party.oin), key)
        for party in directory.parties()
        for key in directory.witness_keys(party.code)
    ]
    return exhibit_of(
        leaves,
        states,
        told={**_asked(own, directory), **_decided(own, releases.get(own["revision"])), **_since(own, facts)},
        keys=[verifier_key(origin, key) for key in directory.trail_keys(BROKER)],
        witnesses=[
            *of_chain,
            *witnesses,
            *(cosigner_key(origin, key) for key in directory.second_trail_keys(BROKER)),
        ],
    )


def text_of(document: Mapping[str, Any]) -> bytes:
    """The exhibit as a file holds it."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


def page(document: Mapping[str, Any]) -> str:
    """The exhibit as a page for people, in Dutch."""
    lines = [(one["position"], base64.b64decode(one["leaf"]).decode()) for one in document["entries"]]
    return _PAGE.render(document=document, lines=lines, attached=ATTACHED)


def pdf(document: Mapping[str, Any]) -> bytes:
    """The page as PDF/A-3, with the exhibit itself inside it. Raises PdfUnavailable."""
    return pdf_of(page(document), "pdf/a-3a", {ATTACHED: text_of(document)})


def _collected(store: Connection, position: int) -> tuple[dict[int, bytes], list[StateOfTrail]]:
    """The leaves of the question, and states that prove them: the newest that witnesses signed, the first
    that an authority stamped after them; without those, the newest of all.
    """
    own = _leaves(store, [position])
    facts = orjson.loads(own.get(position) or b"{}")
    if facts.get("kind") not in DECISIONS:
        raise NoQuestion
    accepted = inquiries.load_one(store, facts["inquiry"])
    if accepted is not None:  # its own entry first, then one per question, then what came of it
        of_inquiry = (*accepted.positions[:1], *accepted.positions[1 + len(accepted.questions) :])
        taken_back = [one.rectified_at for one in accepted.questions if one.position == position]
        own |= _leaves(store, [*of_inquiry, *(place for place in taken_back if place is not None)])
    last = max(own)
    signed = store.execute(select(cosigned).where(cosigned.c.size > last)).first()
    stamped = store.execute(
        select(stamps).where(stamps.c.size > last).order_by(stamps.c.size).limit(1)
    ).first()
    states = []
    if signed is not None:
        states.append(_state(store, own, signed.size, signed.checkpoint))
    if stamped is not None:
        states.append(_state(store, own, stamped.size, stamped.checkpoint, stamped.response))
    return own, states or [_state(store, own, *stored_head(store))]


def _leaves(store: Connection, positions: Sequence[int]) -> dict[int, bytes]:
    return {one.position: one.leaf for one in stored(store, entries.c.position.in_(positions)) if one.leaf}


def _state(
    store: Connection, leaves: Mapping[int, bytes], size: int, checkpoint: str, stamp: bytes | None = None
) -> StateOfTrail:
    proofs = inclusion_proofs(sorted(leaves), size, stored_tiles(store, size))
    return StateOfTrail(checkpoint, tuple(proofs), stamp)


def _asked(own: Mapping[str, Any], directory: Directory) -> dict[str, str]:
    return {
        "Wie vroeg": directory.party(own["requester"]).name,
        "Aan wie": directory.party(own["holder"]).name,
        "Wanneer": told_at(own["at"]),
        "Zaak": own["case_ref"],
        "Code van de vraag": own["question"],
    }


def _decided(own: Mapping[str, Any], release: Release | None) -> dict[str, str]:
    """What was decided and why, in the words of the release that decided."""
    told = {
        "Besluit": label(EFFECTS, own["kind"]),
        "Regel": own.get("rule") or "geen",
        "Versie van de afspraken": own["revision"],
    }
    if release is None:
        return told
    words, catalogue = Words(release.catalogue, dutch=True), release.catalogue
    decision = read_decision({name: own[name] for name in _FIELDS})
    return {
        "De vraag": words.question(own["question"]),
        "Doel": catalogue.purposes[own["purpose"]].nl,
        **told,
        "Uitleg": "\n".join(line.strip() for line in words.decision(decision)),
    }


def _since(own: Mapping[str, Any], others: Mapping[int, Mapping[str, Any]]) -> dict[str, str]:
    """What came of it, in the order of the trail."""
    lines = course(own, [others[place] for place in sorted(others)])
    return {"Wat de houder deed": "\n".join(lines) or "(nog) niets"}
