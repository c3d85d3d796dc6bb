"""The life of a release, as its steps tell it: who must agree, and since when it decides."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.releases import Examined, Life, Step, Turn, in_force, state, turns
from demo.members import PARTIES
from party.hand_outs import HandOuts
from policies import Policy, Release, load_release

FIRST = Life("sha256:first", None, "", "", (), None)


def step(name: str, partner: str = "rvdk", officer: str = "a", **more: Any) -> Step:
    more = {"recorded_at": 10, "position": 1, **more}
    return Step(name, partner, officer, "d", "t", **more)


def life(*steps: Step, touches: Sequence[str] | None = ("veilig_thuis", "rvdk"), **found: Any) -> Life:
    found = {"back_wider": False, **found}
    examined = None if touches is None else Examined(partners=tuple(touches), signers=tuple(touches), **found)
    return Life("sha256:new", FIRST.release, "", "", (step("propose", at=10), *steps), examined)


AGREED = (step("approve", "veilig_thuis", "b"), step("approve", "rvdk", "c"))
ACTIVE = step("activate", at=100)


@pytest.mark.parametrize(
    ("one", "now", "expected"),
    [
        (life(touches=None), 50, "proposed"),
        (life(), 50, "examined"),
        (life(unfit="it cites nothing"), 50, "unfit"),
        (life(AGREED[0]), 50, "examined"),
        (life(*AGREED), 50, "agreed"),
        (life(touches=()), 50, "examined"),
        (life(step("approve", "om", "z"), touches=()), 50, "agreed"),
        (life(step("approve", "rvdk", "z"), touches=()), 50, "examined"),
        (life(step("approve", "rvdk", "z"), touches=("rvdk",)), 50, "examined"),
        (life(step("approve", "rvdk", "z"), step("approve", "om", "z"), touches=("rvdk",)), 50, "agreed"),
        (life(step("reject", "veilig_thuis", "b")), 50, "rejected"),
        (life(step("reject", "om", "z")), 50, "examined"),
        (life(step("reject", "om", "z"), touches=()), 50, "rejected"),
        (life(*AGREED, ACTIVE), 99, "planned"),
        (life(*AGREED, ACTIVE), 100, "in_force"),
        (life(*AGREED, ACTIVE, step("retire", recorded_at=99)), 200, "retired"),
        (life(*AGREED, step("retire")), 50, "retired"),
    ],
)
def test_a_state_follows_from_the_steps(one: Life, now: int, expected: str) -> None:
    """Who must agree is who the effect touches, and always another party than the one that brought it."""
    assert state(one, turns([FIRST, one]), now) == expected


def test_a_roll_back_is_a_turn_to_the_release_before() -> None:
    """What was in force stays in the history, and may come back."""
    first = Life(
        FIRST.release,
        None,
        "",
        "",
        (step("activate", "veilig_thuis", at=200, recorded_at=200, position=9),),
        None,
    )
    new = life(*AGREED, ACTIVE)
    known = turns([first, new])
    assert [in_force(known, moment) for moment in (99, 100, 199, 200)] == [
        first.release,
        new.release,
        new.release,
        first.release,
    ]
    assert state(new, known, 250) == "superseded"


def test_what_was_held_stays_held() -> None:
    """Whoever held two releases and hears of a third decides by all of them."""

    async def no_engine(_: Release) -> Policy:
        raise AssertionError

    packaged = load_release()
    one, two, three = (replace(packaged, revision=f"sha256:{name}") for name in ("one", "two", "three"))
    held = HandOuts(one, no_engine)
    held.hold({two.revision: two}, [Turn(0, one.revision), Turn(10, two.revision)])
    held.hold(
        {three.revision: three}, [Turn(0, one.revision), Turn(10, two.revision), Turn(20, three.revision)]
    )
    assert all(held.holds(release.revision) for release in (one, two, three))
    assert held.newest(15).revision == two.revision


def test_of_two_changes_in_one_second_the_last_recorded_holds() -> None:
    """Put in force and rolled back at once: the roll back holds, whichever release comes first in a list."""
    back = replace(ACTIVE, position=9, recorded_at=100)
    first = Life(FIRST.release, None, "", "", (back,), None)
    new = life(*AGREED, replace(ACTIVE, position=8))
    for lives in ([first, new], [new, first]):
        assert in_force(turns(lives), 100) == FIRST.release


@pytest.mark.parametrize(
    ("new", "back", "expected"),
    [
        (life(*AGREED, ACTIVE), None, "sha256:new"),
        (life(AGREED[0], ACTIVE), None, FIRST.release),  # not everybody agreed
        (life(*AGREED[:1], ACTIVE, AGREED[1]), None, FIRST.release),  # not yet
        (life(*AGREED, step("activate", "om", at=100)), None, FIRST.release),  # it is none of theirs
        (life(*AGREED, ACTIVE, touches=None), None, FIRST.release),  # nobody knows what it does
        (life(*AGREED, ACTIVE, step("retire", "om", recorded_at=50)), None, "sha256:new"),
        (life(*AGREED, ACTIVE, step("retire", recorded_at=50)), None, FIRST.release),
        (life(*AGREED, ACTIVE), "veilig_thuis", FIRST.release),
        (life(*AGREED, ACTIVE), "om", "sha256:new"),
        (life(*AGREED, ACTIVE, back_wider=True), "veilig_thuis", "sha256:new"),  # alone to what is wider
    ],
)
def test_a_step_that_nobody_may_take_alone_changes_nothing(
    new: Life, back: str | None, expected: str
) -> None:
    """Whatever a broker tells: what a signed step may do is worked out by whoever reads it."""
    steps = () if back is None else (step("activate", back, at=150, recorded_at=150, position=9),)
    assert in_force(turns([replace(FIRST, steps=steps), new]), 200) == expected


@pytest.mark.parametrize(
    ("revision", "accepted_at", "expected"),
    [
        ("sha256:old", 99, True),
        ("sha256:old", 159, True),
        ("sha256:old", 160, False),
        ("sha256:new", 99, False),
        ("sha256:new", 100, True),
        ("sha256:new", 111, True),
        ("sha256:other", 111, False),
    ],
)
def test_a_permit_rests_on_what_was_in_force_when_its_inquiry_was_taken(
    revision: str, accepted_at: int, expected: bool
) -> None:
    """With a minute to spare after a change, none before it; also when another change follows soon."""

    async def no_engine(_: Release) -> Policy:
        raise AssertionError

    packaged = load_release()
    old, new = (replace(packaged, revision=f"sha256:{name}") for name in ("old", "new"))
    held = HandOuts(old, no_engine)
    held.hold(
        {new.revision: new}, [Turn(0, old.revision), Turn(100, new.revision), Turn(110, "sha256:third")]
    )
    assert held.valid(revision, accepted_at) == expected


def test_a_release_that_was_taken_back_before_its_moment_never_decides() -> None:
    """Taken back after it decided, what it decided stays explained: its turn stays."""
    before = life(*AGREED, ACTIVE, step("retire", recorded_at=99))
    after = life(*AGREED, ACTIVE, step("retire", recorded_at=150))
    assert in_force(turns([FIRST, before]), 120) == FIRST.release
    assert in_force(turns([FIRST, after]), 120) == after.release


@given(
    touched=st.sets(st.sampled_from(PARTIES)),
    approving=st.sets(st.sampled_from(PARTIES)),
)
def test_it_is_agreed_exactly_when_everybody_whom_it_touches_approved(
    touched: set[str], approving: set[str]
) -> None:
    """And another party than the one that brought it did."""
    one = life(*[step("approve", partner, "b") for partner in approving], touches=sorted(touched))
    assert one.agreed == (touched <= approving and bool(approving - {"rvdk"}))
    assert one.missing == touched - approving
