"""Who takes part: one pinned file. What is wrong in it stops the start with one sentence that says where."""

import copy
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contract.directory import Directory, DirectoryProblem, directory_text, dropped
from contract.problems import PartyUnknown, SenderUnknown
from tests.parties import NOON, Parties, read_directory


def test_the_same_contents_give_the_same_digest(parties: Parties) -> None:
    """Whatever the order in which they were written down; any change gives another."""
    contents = parties.contents
    turned = dict(reversed(list(contents.items())))
    assert read_directory(contents).digest == read_directory(turned).digest
    other = copy.deepcopy(contents)
    other["parties"][0]["desk"]["hours"] = "altijd"
    assert read_directory(other).digest != read_directory(contents).digest


def test_a_party_is_found_by_its_code_and_its_oin(parties: Parties) -> None:
    """And nobody else is."""
    directory = parties.directory
    assert directory.of_oin(directory.party("om").oin) == directory.party("om")
    assert directory.parties()[0].code == "veilig_thuis"
    assert "broker" not in [party.code for party in directory.parties()]
    with pytest.raises(PartyUnknown):
        directory.party("gemeente")
    with pytest.raises(SenderUnknown):
        directory.of_oin("0" * 20)


def test_a_key_is_of_one_party_and_of_one_use(parties: Parties) -> None:
    """The id of another party's key, or of a key for sealing, signs nothing."""
    directory = parties.directory
    om, rvdk = directory.party("om"), directory.party("rvdk")
    ids = {key.use: key.kid for key in om.keys}
    assert directory.signing_key(om.oin, ids["sign"], NOON)
    for oin, kid in ((rvdk.oin, ids["sign"]), (om.oin, ids["seal"]), (om.oin, ids["trail"]), (om.oin, "")):
        with pytest.raises(SenderUnknown):
            directory.signing_key(oin, kid, NOON)


def _valid(contents: dict[str, Any], party: str, use: str, **when: Any) -> dict[str, Any]:
    changed = copy.deepcopy(contents)
    for one in changed["parties"]:
        for key in one["keys"]:
            if one["code"] == party and key["use"] == use:
                key.update({name: moment.isoformat() for name, moment in when.items()})
    return changed


def test_the_newest_valid_sealing_key_is_used(parties: Parties) -> None:
    """Not one whose time has not come, nor one whose time is over."""
    other = parties.keyrings["rvdk"].public_keys()
    contents = copy.deepcopy(parties.contents)
    [om] = [one for one in contents["parties"] if one["code"] == "om"]
    [mine] = [key for key in om["keys"] if key["use"] == "seal"]
    [fresh] = [{**key, "kid": "fresh-key"} for key in other if key["use"] == "seal"]
    om["keys"].append({**fresh, "valid_from": (NOON + timedelta(days=1)).isoformat()})
    directory = read_directory(contents)
    assert directory.sealing_key("om", NOON).kid == mine["kid"]
    assert directory.sealing_key("om", NOON + timedelta(days=1)).kid == "fresh-key"
    over = read_directory(_valid(contents, "om", "seal", valid_until=NOON))
    with pytest.raises(PartyUnknown):
        over.sealing_key("om", NOON)


Change = Callable[[dict[str, Any]], object]

WRONG: dict[str, tuple[Change, str]] = {
    "a party twice": (lambda c: c["parties"].append(c["parties"][1]), "twice"),
    "an OIN twice": (lambda c: c["parties"][1].update(oin=c["parties"][0]["oin"]), "twice"),
    "a key twice": (lambda c: c["parties"][1]["keys"].append(c["parties"][0]["keys"][0]), "twice"),
    "no broker": (lambda c: c["parties"].pop(0), "no broker"),
    "a code that is none": (lambda c: c["parties"][1].update(code="Gemeente X"), "parties.1.code"),
    "a party of no kind": (lambda c: c["parties"][1].update(partner=None), "parties.1"),
    "a broker of a kind": (lambda c: c["parties"][0].update(partner="om"), "parties.0"),
    "a desk of a region that is not served": (
        lambda c: c["parties"][1].update(desks={"limburg": c["parties"][1]["desk"]}),
        "parties.1",
    ),
    "an end before its beginning": (
        lambda c: c["parties"][1].update(since="2026-11-02T00:00:00Z", until="2026-11-01T00:00:00Z"),
        "parties.1",
    ),
    "a broker that leaves": (lambda c: c["parties"][0].update(until="2026-11-01T00:00:00Z"), "parties.0"),
    "a region that nobody named": (lambda c: c["parties"][1].update(regions=["limburg"]), "region limburg"),
    "an OIN that is none": (lambda c: c["parties"][1].update(oin="123"), "parties.1.oin"),
    "an address with a query": (
        lambda c: c["parties"][1].update(address="https://vt.example/?x=1"),
        "parties.1.address",
    ),
    "an address that is no web address": (
        lambda c: c["parties"][1].update(address="file:///etc"),
        "parties.1.address",
    ),
    "a telephone number that is a text": (
        lambda c: c["parties"][1]["desk"].update(phone="bel maar"),
        "parties.1.desk.phone",
    ),
    "a key of another kind": (lambda c: c["parties"][1]["keys"][0].update(use="all"), "parties.1.keys.0.use"),
    "a key that does not parse": (
        lambda c: c["parties"][1]["keys"][0].update(public="AAAA"),
        "public key of veilig_thuis",
    ),
    "a key without a time": (
        lambda c: c["parties"][1]["keys"][0].update(valid_from="2026-11-24T12:00:00"),
        "parties.1.keys.0.valid_from",
    ),
    "a field that we do not know": (lambda c: c.update(remark="x"), "remark"),
    "a region that is no code": (lambda c: c["regions"].append("Het Gooi"), "regions.1"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_in_the_file_is_named_by_its_place(wrong: str, parties: Parties) -> None:
    """One sentence; the value is not repeated."""
    contents = copy.deepcopy(parties.contents)
    change, place = WRONG[wrong]
    change(contents)
    with pytest.raises(DirectoryProblem, match=place):
        Directory(directory_text(contents))


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b"\xff", b'{"parties": []'])
def test_what_is_no_directory_is_named(raw: bytes) -> None:
    """Whatever stands in the file."""
    with pytest.raises(DirectoryProblem):
        Directory(raw)


def test_a_file_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    """Also a folder."""
    for path in (tmp_path / "directory.json", tmp_path):
        with pytest.raises(DirectoryProblem, match="grondslag init directory"):
            Directory.read(path)


def test_a_field_that_stands_twice_is_refused(parties: Parties) -> None:
    """One reader takes the first, another the last."""
    raw = directory_text(parties.contents)
    twice = raw.replace(b'"oin":', b'"oin": "99999990000000000999",\n   "oin":', 1)
    assert twice != raw
    with pytest.raises(DirectoryProblem, match="a field twice"):
        Directory(twice)


def test_all_speak_for_a_kind_where_nobody_says_that_it_does(parties: Parties) -> None:
    """A kind that takes part never needs nobody."""
    contents = copy.deepcopy(parties.contents)
    assert read_directory(contents).signers({"om", "rvdk"}, NOON) == ("om", "rvdk")
    for row in contents["parties"]:
        row["signs"] = row["code"] == "rvdk"
    assert read_directory(contents).signers({"om", "rvdk"}, NOON) == ("om", "rvdk")
    assert read_directory(contents).signers({"ggz"}, NOON) == ()


def test_an_end_is_not_taken_away(parties: Parties) -> None:
    """Nor moved to later: a retired key does not come back."""
    contents = copy.deepcopy(parties.contents)
    contents["parties"][1]["until"] = "2026-11-01T00:00:00Z"
    contents["parties"][2]["keys"][0]["valid_until"] = "2026-11-01T00:00:00Z"
    before = read_directory(contents)
    kid = contents["parties"][2]["keys"][0]["kid"]
    assert dropped(before, parties.directory) == ("veilig_thuis", f"key {kid} of politie")
    assert dropped(parties.directory, before) == ()
