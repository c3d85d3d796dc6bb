"""What the log proves about one question, for a court or a complaint: the inquiry, the decision and what came
of it byte for byte, and for each signed state of the log the proofs that they stand in it. Duties to inform
are not in it. Pure; needs Python and `cryptography`.

    format    "grondslag/1 exhibit"
    told      what it says, for people: text by label; proves nothing
    entries   [{"position", "leaf": base64}], ascending
    states    [{"checkpoint": signed note with its cosignatures, "proofs": [[base64]] by entry,
                "time_stamp": base64 of RFC 3161, where there is one}]
    keys, witnesses    verifier keys (C2SP signed-note) of the log and of its witnesses
"""

import base64
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.checkpoint import Checkpoint, read_verifier_key, verify_checkpoint
from audit.errors import VerifyError
from audit.quorum import Quorum
from audit.receipt import verify_receipt
from audit.report import Report, cannot_tell
from audit.witness import cosigned_at, read_cosigner_key

FORMAT = "grondslag/1 exhibit"
LONGEST = 4 * 1024 * 1024


@dataclass(frozen=True)
class StateOfTrail:
    """A signed state of the log, with the proof of each entry in it and, of the authority outside, a time
    stamp (DER).
    """

    checkpoint: str
    proofs: tuple[tuple[bytes, ...], ...]
    time_stamp: bytes | None = None


def exhibit_of(
    leaves: Mapping[int, bytes],
    states: Sequence[StateOfTrail],
    *,
    told: Mapping[str, str],
    keys: Sequence[str],
    witnesses: Sequence[str],
) -> dict[str, Any]:
    """The document; each state proves the leaves in the order of their positions."""
    return {
        "format": FORMAT,
        "told": dict(told),
        "entries": [{"position": position, "leaf": _text(leaves[position])} for position in sorted(leaves)],
        "states": [
            {
                "checkpoint": state.checkpoint,
                "proofs": [[_text(node) for node in proof] for proof in state.proofs],
                **({"time_stamp": _text(state.time_stamp)} if state.time_stamp is not None else {}),
            }
            for state in states
        ],
        "keys": list(keys),
        "witnesses": list(witnesses),
    }


def verify_exhibit(content: bytes, keys: Sequence[str] = (), quorum: Quorum | None = None) -> Report:
    """Whether each entry stands in each state, and who signed those. `keys` are the verifier keys of the log
    that the reader trusts; without them those in the document are taken, and the report says so. `quorum`:
    whose signatures the reader wants on one of the states.
    """
    try:
        document = json.loads(content)
        if document["format"] != FORMAT:
            raise ValueError
        trusted = [*(quorum.logs if quorum else ()), *map(read_verifier_key, keys)]
        report = Report(trusted=bool(trusted), selected=True)
        known = trusted or [read_verifier_key(key) for key in document["keys"]]
        witnesses = [read_cosigner_key(key) for key in document["witnesses"]]
        own = {str(one["checkpoint"]).partition("\n")[0] for one in document["states"]}
        leaves = {int(one["position"]): _bytes(one["leaf"]) for one in document["entries"]}
        kinds = Counter(str(json.loads(leaf)["kind"]) for leaf in leaves.values())
        states = [
            (str(one["checkpoint"]), [[_bytes(node) for node in proof] for proof in one["proofs"]])
            for one in document["states"]
        ]
        stamps = sum("time_stamp" in one for one in document["states"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, VerifyError):
        return cannot_tell("Dit bestand is niet te lezen als bewijs van één vraag.")
    report.entries = len(leaves)
    report.count(kinds)
    if not states or not leaves:
        return cannot_tell("Dit bestand bewijst niets: er is geen regel of geen zegel.")
    signed: set[str] = set()
    for text, proofs in states:
        report.origin = text.partition("\n")[0]
        keys_of_log = [key for name, key in known if name == report.origin]
        try:
            checkpoint = verify_checkpoint(text, report.origin, keys_of_log)
        except VerifyError:
            report.damage("Een zegel is niet gezet met een sleutel van dit spoor.")
            continue
        _verify_proofs(report, checkpoint, leaves, proofs)
        if quorum is not None and quorum.met(checkpoint, text):
            report.witnessed = checkpoint.size
        others = [(name, key) for name, key in witnesses if name not in own]  # nobody witnesses for itself
        signed |= cosigned_at(checkpoint, text, others).keys()
    if quorum is not None:
        if report.witnessed is None:
            report.damage("Er tekenden te weinig van de getuigen die u meegeeft.")
    elif signed:
        report.findings.append(f"Medeondertekend door {len(signed)} getuigen: {', '.join(sorted(signed))}.")
        report.findings.append(
            "Let op: de sleutels van de getuigen komen uit het bestand zelf. "
            "Vergelijk ze met die van de getuigen."
        )
    else:
        report.findings.append("Alleen ondertekend door de partij van dit spoor: geen getuige bevestigt dit.")
    if stamps:
        report.findings.append(
            f"{stamps} tijdstempel(s) van buiten; te controleren met openssl (zie docs/export-format.md)."
        )
    return report


def _verify_proofs(
    report: Report, checkpoint: Checkpoint, leaves: Mapping[int, bytes], proofs: Sequence[Sequence[bytes]]
) -> None:
    if len(proofs) != len(leaves):
        report.damage("Er zijn meer of minder bewijzen dan regels.")
        return
    for position, proof in zip(sorted(leaves), proofs, strict=True):
        try:
            verify_receipt(leaves[position], position, proof, checkpoint)
        except VerifyError:
            report.damage(f"Regel {position} staat zo niet in het spoor van het zegel.")


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
