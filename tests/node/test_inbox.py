"""What a holder took in and how far it is: values, and the rows that they are kept in."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine

from adapters.node.answering import inbox
from adapters.node.answering.inbox import Taken, Waiting, gone
from adapters.node.tables import metadata
from contract.documents import Outcome
from contract.sealing import Sealed

DUE = 2_000
ANSWERED = Outcome(index=0, status="answered")
SEALED = Sealed("k", "text")


@pytest.fixture
def store() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        metadata.create_all(connection)
        yield connection
    engine.dispose()


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def question(index: int = 0, state: str = "waits", **changes: Any) -> Waiting:
    fields: dict[str, Any] = {"permitted": {"due_at": DUE}, "question": "politie.relevant_registrations"}
    return Waiting(index, "s", "child", "under_12", state=state, **{**fields, **changes})


def taken(*questions: Waiting, **changes: Any) -> Taken:
    fields: dict[str, Any] = {
        "jti": "i1",
        "digest": "d",
        "case_ref": "c",
        "requester": "veilig_thuis_midden",
        "purpose": "enrich_referral",
        "requester_role": "chair",
        "urgency": "normal",
        "accepted_at": 1,
        "received_at": 2,
        "permits": ("p1",),
        "outcomes": ({"index": 0, "status": "waits_for_person"},),
        "sealed": {"kid": "k", "text": "t"},
        "token": "token",
        "identities": {"s": "locked"},
    }
    return Taken(questions=questions or (question(),), **{**fields, **changes})


@pytest.mark.parametrize(
    ("state", "doubtful", "to_look_at", "listed"),
    [
        ("waits", False, True, True),
        ("opened", False, True, True),
        ("answered", True, True, True),
        ("answered", False, False, False),
        ("released", False, False, False),
        ("declined", False, False, False),
        ("refused", False, False, False),
        ("failed", False, False, True),
    ],
)
def test_what_a_person_has_to_do(state: str, doubtful: bool, to_look_at: bool, listed: bool) -> None:
    """To look at what waits or is in doubt; to call about what the broker does not take."""
    one = question(state=state, doubtful=doubtful)
    assert (one.to_look_at, one.listed) == (to_look_at, listed)


def test_what_is_locked_goes_with_the_last_that_waits() -> None:
    both = taken(question(0), question(1))
    one = both.with_question(0, state="released")
    assert [each.state for each in one.questions] == ["released", "waits"]
    assert (one.token, one.identities) == ("token", {"s": "locked"})
    none = one.with_question(1, state="declined")
    assert (none.token, none.identities) == (None, None)
    assert not none.waiting


def test_the_last_question_says_when_all_is_due() -> None:
    assert taken(question(0), question(1, permitted={"due_at": DUE + 1})).due_at == DUE + 1


def test_a_question_is_found_by_its_index() -> None:
    both = taken(question(0), question(1, state="opened"))
    assert both.question(1) == both.questions[1]
    assert both.question(2) is None


def test_a_fresh_permit_stands_beside_the_former() -> None:
    assert taken().under("p2").permits == ("p1", "p2")


def test_a_later_reply_goes_out_at_once() -> None:
    after = taken(attempts=3).with_later(ANSWERED, SEALED, at(50))
    [later] = after.later
    assert later == {
        "outcomes": [{"index": 0, "status": "answered"}],
        "sealed": {"kid": "k", "text": "text"},
        "delivered": False,
        "problem": None,
    }
    assert (after.next_at, after.attempts) == (50, 0)


@pytest.mark.parametrize(("status", "state"), [("answered", "released"), ("refused", "declined")])
def test_what_went_out_is_released_or_declined(status: str, state: str) -> None:
    assert gone(status) == state


def test_a_reply_that_is_not_taken_is_called_about_and_one_that_is_after_all_is_not() -> None:
    """A problem that stays the same changes nothing: somebody may have taken it off the list."""
    out = taken(question(state="released")).with_later(ANSWERED, SEALED, at(50))
    failed = out.handed_in(0, "sender_unknown")
    assert [one.state for one in failed.questions] == ["failed"]
    assert (failed.later[0]["delivered"], failed.later[0]["problem"]) == (False, "sender_unknown")
    looked = failed.with_question(0, state="released")
    assert looked.handed_in(0, "sender_unknown").questions == looked.questions
    well = failed.handed_in(0, None)
    assert [one.state for one in well.questions] == ["released"]
    assert (well.later[0]["delivered"], well.later[0]["problem"]) == (True, None)


def test_only_the_reply_that_was_handed_in_changes() -> None:
    """Of two later replies, one goes well."""
    both = taken(question(0, "released"), question(1, "released"))
    out = both.with_later(ANSWERED, SEALED, at(50)).with_later(
        Outcome(index=1, status="answered"), SEALED, at(60)
    )
    after = out.handed_in(1, None)
    assert [one["delivered"] for one in after.later] == [False, True]


def test_an_inquiry_is_kept_as_it_is(store: Connection) -> None:
    one = taken(question(obligations=("prosecutor_agrees",), seen_by=("u1",))).with_later(
        ANSWERED, SEALED, at(50)
    )
    inbox.insert(store, one)
    assert inbox.load(store, "i1") == one
    assert inbox.load(store, "i2") is None
    assert one.first() == ((Outcome(index=0, status="waits_for_person"),), Sealed("k", "t"))
    after = inbox.change(store, "i1", lambda before: before.under("p2"))
    assert inbox.load(store, "i1") == after
    with pytest.raises(KeyError):
        inbox.change(store, "i2", lambda before: before)


def test_what_is_known_is_of_the_case_or_under_the_id(store: Connection) -> None:
    for jti, case_ref in (("i1", "c"), ("i2", "c"), ("i3", "other"), ("i4", "elsewhere")):
        inbox.insert(store, taken(jti=jti, case_ref=case_ref))
    assert {one.jti for one in inbox.load_known(store, "i3", "c")} == {"i1", "i2", "i3"}


def test_the_desk_sees_the_oldest_first_and_what_is_done_not(store: Connection) -> None:
    inbox.insert(store, taken(jti="i1", received_at=9))
    inbox.insert(store, taken(question(state="failed"), jti="i2", received_at=3))
    inbox.insert(store, taken(question(state="released"), jti="i3", received_at=1))
    assert [one.jti for one in inbox.load_waiting(store)] == ["i2", "i1"]


@pytest.mark.parametrize(("now_s", "counted"), [(DUE - 1, (2, 0)), (DUE, (0, 2))])
def test_what_waits_is_counted_within_its_time_and_after_it(
    now_s: int, counted: tuple[int, int], store: Connection
) -> None:
    """What is answered, and in doubt, waits for nobody's answer."""
    inbox.insert(store, taken(question(0), question(1, "opened"), question(2, "answered", doubtful=True)))
    assert inbox.count_waiting(store, at(now_s)) == counted


@pytest.mark.parametrize(("now_s", "found"), [(49, []), (50, ["i1"])])
def test_what_goes_out_is_found_from_its_moment_on(now_s: int, found: list[str], store: Connection) -> None:
    inbox.insert(store, taken(question(state="released")).with_later(ANSWERED, SEALED, at(50)))
    inbox.insert(store, taken(jti="i2"))
    assert [one.jti for one in inbox.load_outgoing(store, at(now_s), 10)] == found
