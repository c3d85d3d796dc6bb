"""What others signed of the broker's trail, and who must, as members of an export (docs/export-format.md)."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from audit.checkpoint import verifier_key
from audit.quorum import quorum_text
from audit.witness import cosigner_key
from contract.codes import BROKER
from contract.directory import Directory
from contract.signatory import trail_origin, witness_name
from gateway.trail.stamping import load_stamps
from gateway.trail.witnesses import cosigned


def evidence(store: Connection) -> dict[str, bytes]:
    """`witnesses`: the newest state with the lines of who signed it; per time stamp the response of the
    authority and the state that it is about.
    """
    found: dict[str, bytes] = {}
    signed = store.execute(select(cosigned.c.checkpoint)).scalar()
    if signed is not None:
        found["witnesses"] = signed.encode()
    for stamp in load_stamps(store):
        found[f"stamps/{stamp.size}.tsr"] = stamp.response
        found[f"stamps/{stamp.size}.checkpoint"] = stamp.checkpoint.encode()
    return found


def policy(directory: Directory, outside: Sequence[str], quorum: int) -> str:
    """Whose signatures count (C2SP tlog-policy): the keys of the trail, those of the partners as witnesses
    and of witnesses outside the chain (verifier keys), and how many must sign.
    """
    origin = trail_origin(directory.party(BROKER).oin)
    own = [verifier_key(origin, key) for key in directory.trail_keys(BROKER)]
    partners = [
        (party.code, cosigner_key(witness_name(party.oin), keys[-1]))
        for party in directory.parties()
        if (keys := directory.witness_keys(party.code))
    ]
    others = [(f"outside_{number}", key) for number, key in enumerate(outside, 1)]
    return quorum_text(own, [*partners, *others], quorum)
