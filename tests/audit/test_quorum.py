"""Whose signatures a reader wants: the file of C2SP tlog-policy, read strictly, and held against a state."""

from itertools import combinations
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.__main__ import main
from audit.checkpoint import Checkpoint, sign_checkpoint, verifier_key
from audit.entry import Entry
from audit.errors import VerifyError
from audit.export import export
from audit.kinds import Kind
from audit.quorum import quorum_text, read_quorum
from audit.report import CANNOT_TELL, DAMAGED, WHOLE
from audit.verify import verify
from audit.witness import cosign, cosigner_key
from tests.audit.books import ORIGIN, Books

STATE = Checkpoint(ORIGIN, 5, bytes(32))
LOG = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NAMES = ("x1", "x2", "x3", "y1", "y2")
KEYS = {
    name: Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number, name in enumerate(NAMES, 1)
}


def vkey(name: str) -> str:
    return cosigner_key(f"{name}.example", KEYS[name].public_key())


POLICY = f"""
# two groups, as in the example of the standard
log {verifier_key(ORIGIN, LOG.public_key())} https://log.example
witness x1 {vkey("x1")}
  witness x2\t{vkey("x2")} https://x2.example
witness x3 {vkey("x3")}
group x 2 x1 x2 x3
witness y1 {vkey("y1")}
witness y2 {vkey("y2")}
group y any y1 y2
group both all x y
quorum both
"""


def signed(*names: str) -> str:
    lines = [cosign(STATE, f"{name}.example", KEYS[name], 1_700_000_000) for name in names]
    return sign_checkpoint(STATE, LOG) + "".join(lines)


def test_it_is_met_by_exactly_those_that_it_wants() -> None:
    quorum = read_quorum(POLICY)
    for count in range(len(NAMES) + 1):
        for names in combinations(NAMES, count):
            enough = sum(name[0] == "x" for name in names) >= 2 and any(name[0] == "y" for name in names)
            assert quorum.met(STATE, signed(*names)) == enough, names
    assert not quorum.met(Checkpoint(ORIGIN, 6, bytes(32)), signed(*NAMES))
    assert read_quorum("quorum none\n").met(STATE, "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum x",
        "quorum none\nquorum none",
        "log abc\nquorum none",
        f"witness none {vkey('x1')}\nquorum none",
        f"witness x1 {vkey('x1')}\nwitness x1 {vkey('x2')}\nquorum x1",
        f"witness x1 {vkey('x1')}\ngroup g 2 x1\nquorum g",
        f"witness x1 {vkey('x1')}\ngroup g 0 x1\nquorum g",
        f"witness x1 {vkey('x1')}\ngroup g some x1\nquorum g",
        "group g any g\nquorum g",
        f"group g any x1\nwitness x1 {vkey('x1')}\nquorum g",
        "group g all\nquorum g",
        "witness x1\nquorum none",
        "other line\nquorum none",
    ],
)
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(VerifyError):
        read_quorum(text)


def test_what_is_written_is_read() -> None:
    log = verifier_key(ORIGIN, LOG.public_key())
    quorum = read_quorum(quorum_text([log], [(name, vkey(name)) for name in NAMES], 3))
    assert quorum.met(STATE, signed("x1", "x2", "y1"))
    assert not quorum.met(STATE, signed("x1", "y1"))
    assert read_quorum(quorum_text([log], [], 3)).wanted is None


def test_an_export_that_too_few_witnessed_is_not_believed(sqlite_books: Books, tmp_path: Path) -> None:
    """The reader's own list counts, not the one in the file."""

    async def fill(trail: object) -> str:
        await trail.append([Entry(Kind.VIEW, {"n": n}) for n in range(20)])  # type: ignore[attr-defined]
        return str(trail.checkpoint())  # type: ignore[attr-defined]

    note = sqlite_books.run(fill)
    state = sqlite_books.checkpoint(note)
    lines = "".join(cosign(state, f"{name}.example", KEYS[name], 1_700_000_000) for name in ("x1", "x2"))
    witnesses = [(name, vkey(name)) for name in NAMES]
    for least, outcome in ((2, WHOLE), (3, DAMAGED)):
        mine = quorum_text([sqlite_books.vkey], witnesses, least)
        theirs = quorum_text([sqlite_books.vkey], [], 0)
        more = {"witnesses": (note + lines).encode(), "policy": theirs.encode()}
        out, file = tmp_path / "export.zip", tmp_path / "policy"
        export(sqlite_books.url, out, [sqlite_books.vkey], more=more)
        file.write_text(mine, encoding="utf-8")
        assert verify(out, quorum=read_quorum(mine)).outcome == outcome
        assert main(["verify", str(out), "--policy", str(file)]) == outcome
    file.write_text("quorum nobody", encoding="utf-8")
    assert main(["verify", str(out), "--policy", str(file)]) == CANNOT_TELL
