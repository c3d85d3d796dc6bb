"""What others signed of the broker's trail, as members of an export (docs/export-format.md)."""

from sqlalchemy import Connection, select

from gateway.stamping import load_stamps
from gateway.witnesses import cosigned


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
