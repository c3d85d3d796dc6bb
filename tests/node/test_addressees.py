"""Whom a question goes to follows from the case and the directory, and from nothing else."""

import copy
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.node.asking.addressees import addressed
from adapters.node.asking.wish import Wish
from contract.directory import Directory
from contract.problems import PartyIsOwn, RequestInvalid
from tests.parties import NOON, Parties, read_directory

CASE = "0b5c1a52-8f0e-4d3c-9a41-7f6f0e3a2d10"
REPORT, SUPERVISED, POLICE = (
    "veilig_thuis.earlier_report",
    "reclassering.under_supervision",
    "politie.relevant_registrations",
)


def row(contents: dict[str, Any], code: str) -> dict[str, Any]:
    return next(one for one in contents["parties"] if one["code"] == code)


def directory(parties: Parties, *more: tuple[str, dict[str, Any]]) -> Directory:
    """The five in Utrecht; and more, each beside the one that it is like, without keys."""
    contents = copy.deepcopy(parties.contents)
    contents["regions"].append("limburg")
    for number, (like, changes) in enumerate(more):
        oin = f"{99999990000000000100 + number}"
        contents["parties"].append({**row(contents, like), "oin": oin, "keys": [], **changes})
    return read_directory(contents)


def wish(*questions: tuple[str, str | None]) -> Wish:
    asked = [{"question": code, "holder": holder} for code, holder in questions]
    subjects = [{"role": "suspected_perpetrator", "questions": asked}]
    return Wish.model_validate({"caseRef": CASE, "purpose": "enrich_referral", "subjects": subjects})


def to(known: Directory, one: Wish, region: str = "utrecht", at: datetime = NOON) -> list[str | None]:
    return [found.holder for found in addressed(one, known, region, known.party("veilig_thuis"), at)]


def test_every_party_of_the_kind_that_serves_the_region_is_asked(parties: Parties) -> None:
    """And no other: not of another region, not one that left or is to come."""
    other = directory(
        parties,
        ("reclassering", {"code": "second"}),
        ("reclassering", {"code": "elsewhere", "regions": ["limburg"]}),
        ("reclassering", {"code": "left", "until": NOON.isoformat()}),
        ("reclassering", {"code": "to_come", "since": (NOON + timedelta(days=1)).isoformat()}),
    )
    assert to(other, wish((SUPERVISED, None))) == ["reclassering", "second"]
    assert to(other, wish((SUPERVISED, None)), "limburg") == ["elsewhere"]
    assert to(other, wish((SUPERVISED, None)), at=NOON + timedelta(days=1)) == [
        "reclassering",
        "second",
        "to_come",
    ]
    assert to(other, wish((SUPERVISED, None)), at=NOON - timedelta(seconds=1)) == [
        "reclassering",
        "second",
        "left",
    ]


def test_where_nobody_takes_part_the_other_questions_go_on(parties: Parties) -> None:
    """A kind that no party serves, and a region with nobody."""
    known = directory(parties)
    assert to(known, wish((SUPERVISED, None), (POLICE, None)), "limburg") == [None, None]
    contents = copy.deepcopy(parties.contents)
    contents["parties"].remove(row(contents, "politie"))
    fewer = read_directory(contents)
    assert to(fewer, wish((SUPERVISED, None), (POLICE, None))) == ["reclassering", None]


def test_the_own_kind_is_asked_by_name_and_may_be_of_another_region(parties: Parties) -> None:
    """Never left open, never ourselves, and of no other kind."""
    known = directory(parties, ("veilig_thuis", {"code": "vt_limburg", "regions": ["limburg"]}))
    assert to(known, wish((REPORT, "vt_limburg"))) == ["vt_limburg"]
    with pytest.raises(PartyIsOwn):
        to(known, wish((REPORT, "veilig_thuis")))
    for holder in (None, "politie", "broker", "nobody"):
        with pytest.raises(RequestInvalid) as told:
            to(known, wish((SUPERVISED, None), (REPORT, holder)))
        assert [one["name"] for one in told.value.invalid_params] == ["subjects.0.questions.1.holder"]


def test_another_kind_of_another_region_is_not_asked(parties: Parties) -> None:
    """Row A15 is about the own kind alone."""
    known = directory(parties, ("reclassering", {"code": "elsewhere", "regions": ["limburg"]}))
    assert to(known, wish((SUPERVISED, "reclassering"))) == ["reclassering"]
    with pytest.raises(RequestInvalid):
        to(known, wish((SUPERVISED, "elsewhere")))


@given(serving=st.lists(st.booleans(), max_size=4), open_ended=st.lists(st.booleans(), max_size=4))
def test_each_question_has_at_least_one_row_and_never_the_asker(
    serving: list[bool], open_ended: list[bool]
) -> None:
    """Whoever takes part: what is asked is never lost."""
    parties = _PARTIES
    more = [
        (
            "reclassering",
            {
                "code": f"party_{number}",
                "regions": ["utrecht"] if serves else ["limburg"],
                **({} if stays else {"until": NOON.isoformat()}),
            },
        )
        for number, (serves, stays) in enumerate(zip(serving, open_ended, strict=False))
    ]
    known = directory(parties, *more)
    one = wish((SUPERVISED, None), (POLICE, None))
    for region in ("utrecht", "limburg"):
        found = addressed(one, known, region, known.party("veilig_thuis"), NOON)
        assert {row.question.question for row in found} == {SUPERVISED, POLICE}
        assert "veilig_thuis" not in {row.holder for row in found}
        assert len({(row.question.question, row.holder) for row in found}) == len(found)


_PARTIES = Parties()
