"""Key files: made, kept from others, rotated; a bad one stops the start with one sentence that says
what to do.
"""

import base64
import json
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contract.keys import (
    RETIRED_AFTER,
    ROTATION_OVERLAP,
    KeyProblem,
    make_keys,
    read_keys,
    retired,
    rotated,
    sealing_public,
    signing_public,
    write_keys,
)
from tests.parties import NOON


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def test_keys_that_are_written_are_read(path: Path) -> None:
    """The same keys, under the same ids, each time."""
    write_keys(path, make_keys("om", demo=False, now=NOON))
    one, again = (read_keys(path, party="om", demo=False) for _ in range(2))
    assert (one.party, one.demo) == ("om", False)
    assert one.public_keys() == again.public_keys()
    assert {row["use"] for row in one.public_keys()} == {"sign", "seal", "trail", "trail_pq", "witness"}


def test_a_key_is_good_from_the_whole_second_it_was_made_in(path: Path) -> None:
    """Documents tell time in whole seconds: one that is written right after its key must not be older."""
    contents = make_keys("om", demo=True, now=NOON + timedelta(microseconds=999_999))
    write_keys(path, contents)
    keyring = read_keys(path, party="om", demo=True)
    assert {key["valid_from"] for key in keyring.public_keys()} == {NOON.isoformat()}
    write_keys(path, rotated(contents, now=NOON + timedelta(microseconds=1)))
    later = {key["valid_from"] for key in read_keys(path, party="om", demo=True).public_keys()}
    assert later == {NOON.isoformat(), (NOON + ROTATION_OVERLAP).isoformat()}


def test_no_two_parties_get_the_same_keys() -> None:
    """Nor the same party twice."""
    made = [make_keys("om", demo=False, now=NOON) for _ in range(3)]
    assert len({one["wrapping"] for one in made}) == 3
    for name in ("sign", "seal", "trail", "trail_pq", "witness"):
        assert len({one[name][0]["private"] for one in made}) == 3


def test_a_key_file_is_for_its_owner_only(path: Path) -> None:
    """Written so, and refused otherwise."""
    write_keys(path, make_keys("om", demo=False, now=NOON))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for mode in (0o640, 0o604, 0o660, 0o666):
        path.chmod(mode)
        with pytest.raises(KeyProblem, match="chmod 600"):
            read_keys(path, party="om", demo=False)


def test_writing_replaces_whole_or_not_at_all(path: Path) -> None:
    """Nothing is left beside the file; a value that cannot be written leaves the old one."""
    write_keys(path, make_keys("om", demo=False, now=NOON))
    before = path.read_bytes()
    with pytest.raises(TypeError):
        write_keys(path, {"party": object()})
    assert path.read_bytes() == before
    write_keys(path, make_keys("om", demo=False, now=NOON))
    assert [one.name for one in path.parent.iterdir()] == ["keys.json"]


def test_demo_keys_are_refused_outside_the_demo(path: Path) -> None:
    """The sentence says how good ones are made, and holds no key."""
    contents = make_keys("om", demo=True, now=NOON)
    write_keys(path, contents)
    assert read_keys(path, party="om", demo=True).demo
    with pytest.raises(KeyProblem, match=r"made for the demo.*grondslag init keys --party om") as told:
        read_keys(path, party="om", demo=False)
    assert contents["wrapping"] not in str(told.value)


def test_a_missing_file_and_another_partys_file_are_named(path: Path) -> None:
    """Each with its way out."""
    with pytest.raises(KeyProblem, match=r"There is no key file /.*/keys\.json\. Is that the right path\?"):
        read_keys(path, party="om", demo=False)
    write_keys(path, make_keys("om", demo=False, now=NOON))
    with pytest.raises(KeyProblem, match="is not of rvdk"):
        read_keys(path, party="rvdk", demo=False)


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _signing(raw: bytes) -> Callable[[dict[str, Any]], None]:
    return lambda contents: contents["sign"][0].update(private=_encoded(raw))


WEAK: dict[str, Callable[[dict[str, Any]], None]] = {
    "a wrapping key of zeroes": lambda contents: contents.update(wrapping=_encoded(bytes(32))),
    "a wrapping key that counts to eight": lambda contents: contents.update(
        wrapping=_encoded(bytes(range(8)) * 4)
    ),
    "a wrapping key that was typed": lambda contents: contents.update(
        wrapping=_encoded(b"geheim" * 5 + b"!!")
    ),
    "a wrapping key of 16 bytes": lambda contents: contents.update(wrapping=contents["wrapping"][:22]),
    "a trail key of one byte, repeated": lambda contents: contents["trail"][0].update(
        private=_encoded(b"\7" * 32)
    ),
    "a signing key of one": _signing((1).to_bytes(32, "big")),
    "a signing key beyond the group": _signing(b"\xff" * 32),
    "a sealing key of zeroes": lambda contents: contents["seal"][0].update(private=_encoded(bytes(96))),
    "a sealing key cut short": lambda contents: contents["seal"][0].update(
        private=contents["seal"][0]["private"][:80]
    ),
    "no signing key": lambda contents: contents.update(sign=[]),
    "no sealing key": lambda contents: contents.update(seal=[]),
    "no trail key": lambda contents: contents.pop("trail"),
    "no second trail key": lambda contents: contents.update(trail_pq=[]),
    "no key as a witness": lambda contents: contents.pop("witness"),
    "demo that is no yes or no": lambda contents: contents.update(demo="false"),
    "a time that is none": lambda contents: contents["sign"][0].update(use_from="soon"),
    "a list of texts": lambda contents: contents.update(sign=["key"]),
}


@pytest.mark.parametrize("weak", WEAK)
def test_a_weak_or_damaged_key_stops_the_start(weak: str, path: Path) -> None:
    """One sentence, with the way out, without the key."""
    contents = make_keys("om", demo=False, now=NOON)
    WEAK[weak](contents)
    write_keys(path, contents)
    with pytest.raises(KeyProblem, match=r"damaged or holds a weak key\. Make good keys with"):
        read_keys(path, party="om", demo=False)


@pytest.mark.parametrize("text", ["", "{", "[]", '"key"', "null"])
def test_a_file_that_is_no_key_file_stops_the_start(text: str, path: Path) -> None:
    """Whatever stands in it."""
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(KeyProblem):
        read_keys(path, party="om", demo=False)


def test_a_rotation_keeps_the_old_keys(path: Path) -> None:
    """So that what was sealed before still opens, and what was signed is still believed. A month after the
    new ones are used, the old ones can go.
    """
    contents = make_keys("om", demo=False, now=NOON - timedelta(days=90))
    write_keys(path, contents)
    before = read_keys(path, party="om", demo=False)
    write_keys(path, rotated(contents, now=NOON))
    after = read_keys(path, party="om", demo=False)
    assert before.opening.keys() < after.opening.keys()
    assert {key.kid for key in before.signing} < {key.kid for key in after.signing}
    for old, both in ((before.trail, after.trail), (before.witness, after.witness)):
        assert [key.private_bytes_raw() for key in both][:-1] == [key.private_bytes_raw() for key in old]
    assert before.wrapping == after.wrapping
    write_keys(path, retired(json.loads(path.read_text(encoding="utf-8")), now=NOON + RETIRED_AFTER))
    assert read_keys(path, party="om", demo=False).public_keys() == after.public_keys()
    later = NOON + ROTATION_OVERLAP + RETIRED_AFTER
    write_keys(path, retired(json.loads(path.read_text(encoding="utf-8")), now=later))
    left = read_keys(path, party="om", demo=False)
    assert {key.kid for key in left.signing} == {key.kid for key in after.signing[1:]}
    assert not left.opening.keys() & before.opening.keys()


def test_a_retired_key_keeps_its_place_in_the_directory(path: Path) -> None:
    """With an end, and without what signs: what it signed is still verified. Again changes nothing."""
    contents = rotated(make_keys("om", demo=False, now=NOON - timedelta(days=90)), now=NOON)
    write_keys(path, contents)
    listed = {row["kid"]: row for row in read_keys(path, party="om", demo=False).public_keys()}
    later = NOON + ROTATION_OVERLAP + RETIRED_AFTER
    once = retired(contents, now=later)
    assert retired(once, now=later + timedelta(days=1)) == once
    write_keys(path, once)
    rows = {row["kid"]: row for row in read_keys(path, party="om", demo=False).public_keys()}
    assert rows.keys() == listed.keys()
    ended = [row for row in rows.values() if "valid_until" in row]
    assert len(ended) == 5
    for row in ended:
        assert row == {**listed[row["kid"]], "valid_until": later.isoformat()}
    private = {row["private"] for name in ("sign", "seal") for row in contents[name][:1]}
    assert not [secret for secret in private if secret in path.read_text(encoding="utf-8")]


def test_keys_are_never_shown(path: Path) -> None:
    """What stands in the directory is the public side only."""
    contents = make_keys("om", demo=False, now=NOON)
    write_keys(path, contents)
    public = json.dumps(read_keys(path, party="om", demo=False).public_keys())
    private = [
        contents["wrapping"],
        *(contents[name][0]["private"] for name in ("sign", "seal", "trail", "trail_pq", "witness")),
    ]
    assert not [secret for secret in private if secret in public]


def test_a_public_key_of_another_size_is_none() -> None:
    """Neither for signing nor for sealing."""
    for raw in (b"", b"\4" + bytes(64), bytes(65), b"\2" * 33 + b"x"):
        with pytest.raises(ValueError):  # noqa: PT011 - the text is the library's
            signing_public(raw)
    for raw in (b"", bytes(1215), bytes(1217)):
        with pytest.raises(ValueError, match="1216"):
            sealing_public(raw)
