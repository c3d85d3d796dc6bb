"""A line of the trail: canonical, bounded, and silent about its sealed part."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit.entry import MAX_LEAF_BYTES, Entry, Recorded, leaf_of, time_of
from audit.errors import VerifyError
from audit.kinds import Kind
from audit.part import Part, open_part, seal_part

AT = datetime(2026, 11, 23, 11, 0, 0, 123_456, tzinfo=timezone(timedelta(hours=1)))
KEY, SALT, NONCE = bytes(range(32)), bytes(32), bytes(12)

# a fact of a fact is never named `part`: that has a test of its own
names = st.text(st.characters(max_codepoint=127), max_size=8).filter(lambda name: name != "part")
facts = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


def leaf(entry: Entry, part: Part | None = None) -> bytes:
    return leaf_of(entry, entry_id="id-1", at=time_of(AT), part=part)


def sealed(content: dict[str, Any], entry_id: str = "id-1", key: bytes = KEY) -> Part:
    return seal_part(
        json.dumps(content).encode(), key_id=7, key=key, salt=SALT, nonce=NONCE, entry_id=entry_id
    )


def test_the_bytes_of_a_leaf_stay_what_they_are() -> None:
    part = Part(7, SALT, b"sealed")
    assert leaf(Entry(Kind.PERMIT, {"b": 1, "a": ["é", None, True]}, subject_ref="s"), part) == (
        b'{"a":["\xc3\xa9",null,true],"at":"2026-11-23T10:00:00.123Z","b":1,"id":"id-1","kind":"permit",'
        b'"part":"' + part.commitment().encode() + b'","subject_ref":"s","v":1}'
    )


@given(st.dictionaries(names.map(lambda name: f"x{name}"), facts, max_size=5))
def test_every_leaf_is_canonical_json(given_facts: dict[str, Any]) -> None:
    """Against another implementation of RFC 8785. Text that is no Unicode is refused by both."""
    entry = Entry(Kind.CASE, given_facts)
    try:
        raw = leaf(entry)
    except ValueError:
        with pytest.raises((rfc8785.CanonicalizationError, UnicodeError)):
            rfc8785.dumps(given_facts)
        return
    assert raw == rfc8785.dumps(Recorded(0, raw).facts)
    assert b"\n" not in raw


@pytest.mark.parametrize(
    "wrong", [0.5, float("nan"), 2**53, -(2**53), {1: 2}, {"é": 1}, b"x", {1, 2}, AT, "\ud800"]
)
def test_what_json_writers_write_differently_is_refused(wrong: Any) -> None:
    for value in (wrong, [wrong], {"deep": {"er": wrong}}):
        with pytest.raises(ValueError):  # noqa: PT011 - encodings raise their own
            leaf(Entry(Kind.CASE, {"fact": value}))


def test_no_fact_of_a_fact_is_named_part() -> None:
    """So that a verifier finds the commitment of an entry without reading all of it."""
    with pytest.raises(ValueError, match="only an entry itself"):
        leaf(Entry(Kind.CASE, {"fact": [{"part": "0" * 64}]}))


def test_nesting_without_end_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="too deep"):
        leaf(Entry(Kind.CASE, {"fact": deep}))


@pytest.mark.parametrize("name", ["v", "id", "at", "kind", "part", "subject_ref"])
def test_a_fact_cannot_pass_for_what_every_entry_has(name: str) -> None:
    with pytest.raises(ValueError, match="name that every entry has"):
        Entry(Kind.CASE, {name: "x"})


def test_a_sealed_part_is_about_somebody() -> None:
    with pytest.raises(ValueError, match="about a subject"):
        Entry(Kind.CASE, sealed={"answer": "yes"})


def test_a_leaf_has_at_most_so_many_bytes() -> None:
    room = MAX_LEAF_BYTES - len(leaf(Entry(Kind.CASE, {"fact": ""})))
    assert len(leaf(Entry(Kind.CASE, {"fact": "x" * room}))) == MAX_LEAF_BYTES
    with pytest.raises(ValueError, match="at most"):
        leaf(Entry(Kind.CASE, {"fact": "x" * (room + 1)}))


def test_a_part_opens_only_whole_under_its_key_for_its_entry() -> None:
    content = {"answer": "yes", "number": 0.5}
    part = sealed(content)
    committed = part.commitment()
    assert open_part(part, KEY, entry_id="id-1", committed=committed) == content
    swapped = Part(part.key_id, bytes([1]) + SALT[1:], part.sealed)
    torn = Part(part.key_id, SALT, part.sealed[:5])
    elsewhere = Part(8, SALT, part.sealed)
    for wrong, key, entry_id, stated in (
        (part, KEY, "id-2", committed),
        (part, bytes(32), "id-1", committed),
        (part, KEY, "id-1", "0" * 64),
        (swapped, KEY, "id-1", committed),
        (torn, KEY, "id-1", torn.commitment()),
        (elsewhere, KEY, "id-1", committed),
        (sealed(content, "id-2"), KEY, "id-1", sealed(content, "id-2").commitment()),
    ):
        with pytest.raises(VerifyError):
            open_part(wrong, key, entry_id=entry_id, committed=stated)


def test_a_moment_is_told_in_utc() -> None:
    assert Recorded(0, leaf(Entry(Kind.CASE))).facts["at"] == "2026-11-23T10:00:00.123Z"
    assert datetime.fromisoformat(Recorded(0, leaf(Entry(Kind.CASE))).facts["at"]).tzinfo == UTC
