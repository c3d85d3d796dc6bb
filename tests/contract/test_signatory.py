"""A party as writer and reader: keys that overlap, parties that are not there."""

from datetime import timedelta

import pytest

from contract.directory import Party
from contract.documents import Caller
from contract.keys import ROTATION_OVERLAP, make_keys, rotated
from contract.problems import AddresseeWrong, PartyUnknown, SenderUnknown
from contract.signatory import Signatory, trail_origin
from tests.parties import NOON, Clock, Parties, directory_contents, keyring, read_directory

PATH = "/v1/cases/0"


def test_a_rotation_overlaps() -> None:
    """For a day the old key signs and both are believed; then the new one signs, and old documents still
    read.
    """
    contents = rotated(make_keys("om", demo=True, now=NOON - timedelta(days=300)), now=NOON)
    keyrings = {"broker": keyring("broker"), "om": keyring("om", contents=contents)}
    clock, directory = Clock(), read_directory(directory_contents(keyrings))
    om, broker = (Signatory(directory, keyrings[party], clock) for party in ("om", "broker"))
    old, new = keyrings["om"].signing
    before = om.write(Caller, to="broker", path=PATH)
    clock.at += ROTATION_OVERLAP - timedelta(seconds=1)
    assert keyrings["om"].signing_key(clock()) is old
    clock.at += timedelta(seconds=1)
    assert keyrings["om"].signing_key(clock()) is new
    after = om.write(Caller, to="broker", path=PATH)
    assert broker.read(Caller, after.token).document == after.document
    assert broker.read(Caller, before.token, at=NOON).document == before.document


def test_a_key_is_believed_only_within_its_time(parties: Parties) -> None:
    """Taken out of use: documents from then on are refused, what was signed before is still read as of
    then.
    """
    contents = parties.contents
    [om] = [one for one in contents["parties"] if one["code"] == "om"]
    keys = [{**key, "valid_until": (NOON + timedelta(hours=1)).isoformat()} for key in om["keys"]]
    others = [one for one in contents["parties"] if one["code"] != "om"]
    directory = read_directory({**contents, "parties": [*others, {**om, "keys": keys}]})
    broker = Signatory(directory, parties.keyrings["broker"], parties.clock)
    early = parties["om"].write(Caller, to="broker", path=PATH)
    assert broker.read(Caller, early.token).sender.code == "om"
    parties.clock.at = NOON + timedelta(hours=1)
    late = parties["om"].write(Caller, to="broker", path=PATH)
    with pytest.raises(SenderUnknown):
        broker.read(Caller, late.token)
    assert broker.read(Caller, early.token, at=NOON).sender.code == "om"


def test_a_document_for_another_is_read_only_as_such(parties: Parties) -> None:
    """A holder reads an inquiry that was addressed to the broker, by saying so."""
    token = parties["om"].write(Caller, to="broker", path=PATH).token
    with pytest.raises(AddresseeWrong):
        parties["rvdk"].read(Caller, token)
    received = parties["rvdk"].read(Caller, token, audience="broker")
    assert isinstance(received.sender, Party)


def test_nobody_writes_to_a_party_that_is_not_there(parties: Parties) -> None:
    """A code that the directory does not know."""
    with pytest.raises(PartyUnknown):
        parties["om"].write(Caller, to="gemeente", path=PATH)


def test_a_log_is_named_by_its_party_and_not_by_its_address() -> None:
    """An address can change; the name of a log cannot."""
    assert trail_origin("99999990000000000000") == "grondslag.example/99999990000000000000"
