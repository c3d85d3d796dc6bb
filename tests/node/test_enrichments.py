"""What was asked and how far it is, at who asks: values, and the rows that they are kept in."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine

from adapters.node.asking import enrichments
from adapters.node.asking.enrichments import Enrichment, Item, OwnCase, Sent, Unreached
from adapters.node.tables import metadata

DUE = 1_000


@pytest.fixture
def store() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        metadata.create_all(connection)
        yield connection
    engine.dispose()


def item(index: int = 0, **changes: Any) -> Item:
    return Item(index, "s", "child", "rvdk.known", **changes)


def sent(jti: str = "i1", *items: Item, **changes: Any) -> Sent:
    fields = {"digest": "d", "holder": "rvdk", "token": "t", "identities": {"s": "x"}, "state": "sent"}
    return Sent(jti, items=items or (item(),), **{**fields, **changes})


def enrichment(*inquiries: Sent, **changes: Any) -> Enrichment:
    fields = {"case_ref": "c", "region": "utrecht", "purpose": "enrich_referral", "created_at": 1}
    return Enrichment("e1", created_by="u", inquiries=inquiries, **{**fields, "next_at": 5, **changes})


@pytest.mark.parametrize(("now_s", "told"), [(DUE - 1, False), (DUE, True), (DUE + 1, True)])
@pytest.mark.parametrize("state", ["sent", "waits_for_person"])
def test_what_is_open_at_its_time_is_late(now_s: int, told: bool, state: str) -> None:
    assert item(state=state, decision={"due_at": DUE}).state_at(now_s) == ("late" if told else state)


@pytest.mark.parametrize("state", ["answered", "refused", "refused_by_holder", "undelivered", "failed"])
def test_what_is_final_is_never_late(state: str) -> None:
    assert item(state=state, decision={"due_at": DUE}).state_at(DUE + 1) == state


def test_what_has_no_time_is_never_late() -> None:
    """Before the broker decided, and where it refused."""
    assert (item().state_at(DUE), item(decision={}).state_at(DUE)) == ("sent", "sent")


@pytest.mark.parametrize(
    ("one", "is_open"),
    [
        (sent(state="draft"), True),
        (sent("i1", item(state="answered"), item(1, state="late")), True),
        (sent("i1", item(state="answered"), item(1, state="refused")), False),
        (sent("i1", item(state="waits_for_person"), state="failed"), False),
    ],
)
def test_an_inquiry_is_open_while_one_of_its_questions_may_change(one: Sent, is_open: bool) -> None:
    assert one.open == is_open


def test_what_failed_keeps_no_identity() -> None:
    failed = sent(state="draft").failed("too_busy")
    assert (failed.state, failed.problem) == ("failed", "too_busy")
    assert (failed.token, failed.identities) == (None, None)


def test_only_what_was_not_sent_fails() -> None:
    """What the broker took in the meantime stays, and is followed; without it nothing is followed."""
    taken, draft = sent("i1"), sent("i2", state="draft")
    after = enrichment(taken, draft).failed("too_busy")
    assert after.inquiries == (taken, draft.failed("too_busy"))
    assert after.next_at == 5
    assert enrichment(draft).failed("too_busy").next_at is None


def test_an_enrichment_is_followed_while_one_inquiry_is_open() -> None:
    done = sent("i1", item(state="answered"))
    both = enrichment(sent("i1"), sent("i2"))
    assert both.updated({"i1": done}).next_at == 5
    after = both.updated({"i1": done, "i2": sent("i2", item(state="refused"))})
    assert (after.next_at, after.inquiries[0]) == (None, done)


@pytest.mark.parametrize(("before", "fresh"), [(True, False), (False, True), (True, True)])
def test_what_was_taken_back_stays_so(before: bool, fresh: bool) -> None:
    """Whatever was read first; another question of it is not taken back by that."""
    known = enrichment(sent("i1", item(rectified=before), item(1)))
    [after] = known.updated({"i1": sent("i1", item(rectified=fresh), item(1))}).inquiries
    assert [one.rectified for one in after.items] == [True, False]


def test_versions_say_how_far_each_inquiry_is() -> None:
    told = enrichment(sent("i1", version=3), sent("i2", state="draft")).versions()
    assert told == {"i1": (3, "sent"), "i2": (0, "draft")}


def test_of_two_statements_the_newest_counts_and_nobody_is_forgotten() -> None:
    old = OwnCase("c", 3, "s1", {"stage": "referral"}, ("u2",), accepted=True)
    new = OwnCase("c", 7, "s2", {"stage": "meeting"}, ("u1", "u2"))
    merged = OwnCase("c", 7, "s2", {"stage": "meeting"}, ("u1", "u2"), accepted=True)
    assert old.merged(new) == merged
    assert new.merged(old) == merged


def test_an_enrichment_is_kept_as_it_is(store: Connection) -> None:
    one = enrichment(
        sent("i1", item(decision={"due_at": DUE}, position=4, answer_at=2)),
        unreached=(Unreached("om", "s", "child", "om.ongoing_prosecution"),),
    )
    enrichments.insert(store, one)
    assert enrichments.load(store, "e1") == one
    assert enrichments.load_of_case(store, "c") == [one]
    assert enrichments.load(store, "e2") is None
    after = enrichments.change(store, "e1", lambda before: before.failed("too_busy"))
    assert enrichments.load(store, "e1") == after
    with pytest.raises(KeyError):
        enrichments.change(store, "e2", lambda before: before)


@pytest.mark.parametrize(("now_s", "found"), [(4, []), (5, ["e1"]), (6, ["e1"])])
def test_what_is_due_is_found_from_its_moment_on(now_s: int, found: list[str], store: Connection) -> None:
    enrichments.insert(store, enrichment(sent()))
    due = enrichments.load_due(store, datetime.fromtimestamp(now_s, UTC), 10)
    assert [one.id for one in due] == found


def test_who_is_alone_on_a_case_takes_the_place_of_all(store: Connection) -> None:
    """Else whoever was assigned stays; the newest statement counts either way."""
    enrichments.save_case(store, OwnCase("c", 3, "s1", {}, ("u1",)))
    assert enrichments.save_case(store, OwnCase("c", 4, "s2", {}, ("u2",))).assigned == ("u1", "u2")
    alone = enrichments.save_case(store, OwnCase("c", 2, "s0", {}, ("u3",)), alone=True)
    assert (alone.assigned, alone.statement) == (("u3",), "s2")
    assert enrichments.load_case(store, "c") == alone
    assert enrichments.load_case(store, "other") is None


def test_a_person_keeps_one_reference_in_a_case(store: Connection) -> None:
    enrichments.save_subjects(store, "c", {})
    enrichments.save_subjects(store, "c", {"f1": "s1", "f2": "s2"})
    assert enrichments.load_subjects(store, "c") == {"f1": "s1", "f2": "s2"}
    assert enrichments.load_subjects(store, "other") == {}
