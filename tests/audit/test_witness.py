"""A witness against whoever holds the log's own key: it signs that a log only grew, and nothing else."""

import base64
import hashlib
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from audit.checkpoint import Checkpoint, read_verifier_key, sign_checkpoint, verify_checkpoint
from audit.errors import VerifyError
from audit.merkle import Tree, leaf_hash
from audit.witness import (
    MAX_BYTES,
    Submission,
    SubmissionRefused,
    accept,
    cosign,
    cosigned_at,
    cosigner_key,
    read_cosigner_key,
    read_submission,
)
from gateway.trail.witnesses import Witness
from tests.audit.test_merkle import mth, subproof

ORIGIN = "grondslag.example/log"
NAME = "witness.example/w1"
KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"log").digest())
WITNESS = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"witness").digest())


@dataclass
class Insider:
    """Has the log's own key and every right on its database: writes what it likes, and signs it."""

    leaves: list[bytes]

    def checkpoint(self) -> Checkpoint:
        hashes = [leaf_hash(leaf) for leaf in self.leaves]
        return Checkpoint(ORIGIN, len(hashes), Tree().extended(hashes)[0].root())

    def submission(self, old: int) -> Submission:
        hashes = [leaf_hash(leaf) for leaf in self.leaves]
        proof = tuple(subproof(old, hashes, True)) if 0 < old <= len(hashes) else ()
        return Submission(old, proof, sign_checkpoint(self.checkpoint(), KEY))


def entries(count: int) -> list[bytes]:
    return [f"entry {number}".encode() for number in range(count)]


def refused(submitted: Submission, seen: Checkpoint | None) -> SubmissionRefused:
    with pytest.raises(SubmissionRefused) as found:
        accept(submitted, seen, origin=ORIGIN, keys=[KEY.public_key()])
    return found.value


SEEN = Insider(entries(500)).checkpoint()


@pytest.mark.parametrize(("before", "after"), [(0, 0), (0, 1), (1, 1), (1, 2), (255, 256), (500, 777)])
def test_growth_is_cosigned(before: int, after: int) -> None:
    """Also the first time, and when nothing came."""
    seen = Insider(entries(before)).checkpoint() if before else None
    log = Insider(entries(after))
    assert accept(log.submission(before), seen, origin=ORIGIN, keys=[KEY.public_key()]) == log.checkpoint()


def test_an_entry_that_was_edited_is_noticed() -> None:
    leaves = entries(600)
    leaves[42] = b"another"
    found = refused(Insider(leaves).submission(500), SEEN)
    assert (found.status, found.misdeed) == (422, "inconsistent")


def test_an_entry_that_was_deleted_is_noticed() -> None:
    leaves = entries(600)
    del leaves[42]
    found = refused(Insider(leaves).submission(500), SEEN)
    assert (found.status, found.misdeed) == (422, "inconsistent")


def test_entries_that_changed_places_are_noticed() -> None:
    leaves = entries(600)
    leaves[42], leaves[43] = leaves[43], leaves[42]
    found = refused(Insider(leaves).submission(500), SEEN)
    assert (found.status, found.misdeed) == (422, "inconsistent")


def test_entries_that_were_cut_off_are_noticed() -> None:
    """Whatever old size is claimed; the witness names the size that it saw."""
    for old in (400, 500, 0):
        found = refused(Insider(entries(400)).submission(old), SEEN)
        assert (found.status, found.size, found.misdeed) == (409, 500, "shrunk")


def test_a_second_history_of_the_same_length_is_noticed() -> None:
    leaves = entries(500)
    leaves[-1] = b"another"
    for old in (500, 499, 0):
        found = refused(Insider(leaves).submission(old), SEEN)
        assert (found.status, found.misdeed) == (409, "forked")


def test_a_log_that_asks_where_the_witness_is_did_nothing_wrong() -> None:
    found = refused(Insider(entries(600)).submission(0), SEEN)
    assert (found.status, found.size, found.misdeed) == (409, 500, None)


@pytest.mark.parametrize("old", [1, 499, 501, 600])
def test_a_proof_from_another_size_is_not_taken(old: int) -> None:
    found = refused(Insider(entries(600)).submission(old), SEEN)
    assert (found.status, found.size, found.misdeed) == (409, 500, None)


def test_what_is_not_from_this_log_is_not_taken() -> None:
    """Another name, another key, no signature, an old size beyond the checkpoint."""
    good = Insider(entries(600)).submission(500)
    other = sign_checkpoint(Checkpoint("other.example/log", 600, bytes(32)), KEY)
    stranger = sign_checkpoint(Insider(entries(600)).checkpoint(), WITNESS)
    assert refused(Submission(500, good.proof, other), SEEN).status == 404
    assert refused(Submission(500, good.proof, stranger), SEEN).status == 403
    assert refused(Submission(500, good.proof, good.checkpoint.partition("\n\n")[0]), SEEN).status == 403
    assert refused(Submission(601, (), good.checkpoint), SEEN).status == 400


def test_a_submission_is_read_as_it_was_written() -> None:
    submitted = Insider(entries(777)).submission(500)
    assert read_submission(submitted.text().encode()) == submitted


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 5\n",
        b"old 05\n\nx",
        b"old -1\n\nx",
        b"old 5\r\n\nx",
        b"old 5\nAAAA\n\nx",
        b"old 99999999999999999999\n\nx",
        b"old 5\n" + (base64.b64encode(bytes(32)) + b"\n") * 64 + b"\nx",
        b"old 5\n\n\xff",
        b"old 5\n\n" + b"x" * MAX_BYTES,
    ],
)
def test_what_is_no_submission_is_refused(body: bytes) -> None:
    with pytest.raises(SubmissionRefused) as found:
        read_submission(body)
    assert found.value.status == 400


def test_a_cosignature_stands_beside_the_logs_own_and_says_when() -> None:
    """The log's line still verifies, the witness's too, and nobody else's counts."""
    note = sign_checkpoint(SEEN, KEY)
    line = cosign(SEEN, NAME, WITNESS, 1_700_000_000)
    assert verify_checkpoint(note + line, ORIGIN, [KEY.public_key()]) == SEEN
    witnesses = [(NAME, WITNESS.public_key())]
    assert cosigned_at(SEEN, note + line, witnesses) == {NAME: 1_700_000_000}
    assert cosigned_at(Insider(entries(501)).checkpoint(), note + line, witnesses) == {}
    assert cosigned_at(SEEN, note + line, [(NAME, KEY.public_key())]) == {}
    assert cosigned_at(SEEN, note + line, [("witness.example/w2", WITNESS.public_key())]) == {}
    assert cosigned_at(SEEN, note, witnesses) == {}


def test_another_time_than_the_one_that_was_signed_counts_nothing() -> None:
    line = cosign(SEEN, NAME, WITNESS, 1_700_000_000)
    raw = bytearray(base64.b64decode(line.split()[-1]))
    raw[11] ^= 1
    forged = f"— {NAME} {base64.b64encode(bytes(raw)).decode()}\n"
    assert cosigned_at(SEEN, forged, [(NAME, WITNESS.public_key())]) == {}


def test_the_key_of_a_witness_is_no_key_of_a_log() -> None:
    """A signature of one is none of the other: their keys have kinds."""
    text = cosigner_key(NAME, WITNESS.public_key())
    name, key = read_cosigner_key(text)
    assert (name, key.public_bytes_raw()) == (NAME, WITNESS.public_key().public_bytes_raw())
    with pytest.raises(VerifyError):
        read_verifier_key(text)


def test_the_second_kind_of_cosignature_is_that_of_the_standard() -> None:
    """C2SP tlog-cosignature: ML-DSA-44 over a `cosigned_message`, with its own kind of key."""
    key = MLDSA44PrivateKey.from_seed_bytes(bytes(range(32)))
    line = cosign(SEEN, NAME, key, 1_700_000_000)
    raw = base64.b64decode(line.split()[-1])
    assert len(raw) == 4 + 8 + 2420
    message = (
        b"subtree/v1\n\0"
        + bytes([len(NAME)])
        + NAME.encode()
        + (1_700_000_000).to_bytes(8, "big")
        + bytes([len(ORIGIN)])
        + ORIGIN.encode()
        + bytes(8)
        + (500).to_bytes(8, "big")
        + SEEN.root
    )
    key.public_key().verify(raw[12:], message)
    text = cosigner_key(NAME, key.public_key())
    name, public = read_cosigner_key(text)
    assert cosigned_at(SEEN, line, [(name, public)]) == {NAME: 1_700_000_000}
    both = [(NAME, WITNESS.public_key()), (NAME, public)]  # one name, two keys: either counts
    for signed in (line, cosign(SEEN, NAME, WITNESS, 1_700_000_000)):
        assert cosigned_at(SEEN, signed, both) == {NAME: 1_700_000_000}
    for other in (text[:-4] + "AAA=", text.replace("+", "-", 1), text.replace("+0", "+1", 1)[:50]):
        with pytest.raises(VerifyError):
            read_cosigner_key(other)
    assert cosigned_at(Insider(entries(501)).checkpoint(), line, both) == {}


def test_of_what_a_witness_says_only_its_line_is_kept() -> None:
    """One partner's machine must not stand before the state that all look at."""
    good = cosign(SEEN, NAME, WITNESS, 1_700_000_000)
    junk = f"— {NAME} {base64.b64encode(bytes(76)).decode()}\n"
    witness = Witness("om", NAME, (WITNESS.public_key(),), "http://om.example")
    for answer in (good + junk * 300, junk * 20 + good, good * 50, f"x {NAME}\n{good}"):
        assert witness.lines(SEEN, answer) == good
    assert witness.lines(SEEN, junk * 5_000 + good) == ""  # nobody reads on for ever
    assert witness.lines(SEEN, junk) == ""


def test_the_root_of_the_insider_is_that_of_the_standard() -> None:
    assert SEEN.root == mth([leaf_hash(leaf) for leaf in entries(500)])
