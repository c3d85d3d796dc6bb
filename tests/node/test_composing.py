"""From a wish to inquiries: who is one person, what goes to which holder, and what nobody but it can read."""

import uuid
from collections.abc import Sequence
from typing import Any

import pytest

from adapters.node.asking.addressees import addressed
from adapters.node.asking.composing import Composing, Subject
from adapters.node.asking.enrichments import Enrichment, OwnCase
from adapters.node.asking.wish import Wish
from adapters.node.locked import unlock_subjects
from contract.codes import BROKER
from contract.documents import Inquiry
from contract.problems import RequestInvalid, SealedForAnother
from contract.signing import digest
from party.bearer import Colleague
from tests.parties import NOON, Parties

CASE, OTHER_CASE = (str(uuid.UUID(int=number, version=4)) for number in range(2))
ASKER = "veilig_thuis"
CHAIR = Colleague("u-chair", frozenset({"chair"}), mandated=True)
MAN = {"surname": "Testenaar", "givenNames": "Jan", "birthDate": "1984-03-12"}
KNOWN, SUPERVISED, AT_RVDK = "reclassering.known", "reclassering.under_supervision", "rvdk.known"
OWN_CASE = OwnCase(
    CASE,
    3,
    digest("statement"),
    {
        "region": "utrecht",
        "kind": "named",
        "stage": "enrichment",
        "melding": "registered",
        "criteria": "both",
        "unsafety": "acute",
    },
    (CHAIR.user,),
)


def subject(*questions: str, identity: dict[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    asked = [
        {"question": code, "necessity": f"Vanwege {code}.", "subsidiarity": "Met minder kan het niet."}
        for code in questions
    ]
    return {"role": "suspected_perpetrator", "identity": identity or MAN, "questions": asked, **changes}


def wish(*subjects: dict[str, Any], **changes: Any) -> Wish:
    return Wish.model_validate(
        {"caseRef": CASE, "purpose": "enrich_referral", "subjects": list(subjects), **changes}
    )


@pytest.fixture
def composing(parties: Parties) -> Composing:
    return Composing(parties[ASKER])


def refs(
    composing: Composing, one: Wish, case_ref: str = CASE, **known: str
) -> tuple[list[str], dict[str, str]]:
    subjects, fresh = composing.subjects(case_ref, one, one.identities(named=True), known)
    return [found.ref for found in subjects], fresh


def composed(
    parties: Parties, composing: Composing, one: Wish, holders: Sequence[str] | None = None
) -> tuple[Enrichment, tuple[Subject, ...]]:
    subjects, _ = composing.subjects(CASE, one, one.identities(named=True), {})
    to = addressed(one, parties.directory, "utrecht", parties[ASKER].party, NOON)
    return composing.enrichment(OWN_CASE, one, subjects, to, CHAIR, follow_after_s=30), subjects


def test_one_person_has_one_reference_in_a_case(composing: Composing) -> None:
    """However often entered, in whatever letters; in another case another one, which nothing connects."""
    twice = wish(subject(KNOWN), subject(SUPERVISED, identity={**MAN, "surname": "TESTENAAR"}))
    (first, second), fresh = refs(composing, twice)
    assert first == second
    assert list(fresh.values()) == [first]
    assert refs(composing, wish(subject(KNOWN)), **fresh) == ([first], {})
    [elsewhere], other = refs(composing, wish(subject(KNOWN)), OTHER_CASE, **fresh)
    assert elsewhere != first
    assert not fresh.keys() & other.keys()


@pytest.mark.parametrize(
    "change", [{"givenNames": ""}, {"birthDate": "1984-03-00"}, {"birthDate": "0000-00-00"}]
)
def test_who_is_known_in_part_is_recognised_by_nobody(change: dict[str, str], composing: Composing) -> None:
    """Two parents of one surname never become one subject."""
    both = wish(subject(KNOWN, identity={**MAN, **change}), subject(KNOWN, identity={**MAN, **change}))
    (first, second), fresh = refs(composing, both)
    assert first != second
    assert fresh == {}


def test_another_name_or_date_is_another_person(composing: Composing) -> None:
    others = [
        {**MAN, "givenNames": "Piet"},
        {**MAN, "surname": "Proefstra"},
        {**MAN, "birthDate": "1984-03-13"},
    ]
    found, _ = refs(composing, wish(subject(KNOWN), *(subject(KNOWN, identity=one) for one in others)))
    assert len(set(found)) == 4


def test_each_holder_gets_one_inquiry_and_reads_its_own_alone(parties: Parties, composing: Composing) -> None:
    """With the reasons for its own questions; not those for another holder's."""
    one, [man] = composed(parties, composing, wish(subject(KNOWN, AT_RVDK, SUPERVISED)))
    assert [(sent.holder, [item.question for item in sent.items]) for sent in one.inquiries] == [
        ("reclassering", [KNOWN, SUPERVISED]),
        ("rvdk", [AT_RVDK]),
    ]
    probation, council = one.inquiries
    said = parties[BROKER].read(Inquiry, str(probation.token)).document
    assert (said.case_ref, said.case_statement, said.assigned) == (CASE, OWN_CASE.statement, True)
    assert [(each.motivated, each.subsidiarity, each.new_reason) for each in said.questions] == [
        (True, True, False)
    ] * 2
    assert said.identities == {man.ref: digest(probation.identities[man.ref])}  # type: ignore[index]
    opened = unlock_subjects(said, probation.identities or {}, parties["reclassering"])[man.ref]
    assert opened.identity == man.identity
    assert set(opened.necessity) == {KNOWN, SUPERVISED}
    with pytest.raises(SealedForAnother):
        unlock_subjects(said, probation.identities or {}, parties["rvdk"])
    assert probation.digest != council.digest


def test_what_reaches_nobody_is_kept_and_nothing_is_waited_for(
    parties: Parties, composing: Composing
) -> None:
    one, [man] = composed(parties, composing, wish(subject("ggz.known")))
    assert one.inquiries == ()
    assert [(each.partner, each.subject_ref, each.question) for each in one.unreached] == [
        ("ggz", man.ref, "ggz.known")
    ]
    assert one.next_at is None
    followed, _ = composed(parties, composing, wish(subject(KNOWN)))
    assert followed.next_at == int(NOON.timestamp()) + 30


WRONG: dict[str, tuple[tuple[dict[str, Any], ...], str]] = {
    "one person in two ways": (
        (subject(KNOWN), subject(SUPERVISED, identity={**MAN, "postcode": "9999ZZ"})),
        "one_person_two_ways",
    ),
    "one question twice": ((subject(KNOWN, KNOWN),), "too_long_or_double"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_asked_so_is_told(name: str, parties: Parties, composing: Composing) -> None:
    subjects, code = WRONG[name]
    with pytest.raises(RequestInvalid) as told:
        composed(parties, composing, wish(*subjects))
    assert [row["code"] for row in told.value.invalid_params] == [code]


def test_only_who_is_asked_about_is_recorded_and_sealed(parties: Parties, composing: Composing) -> None:
    """Who it is and why stands in the sealed part; a person about whom nothing goes out has no entry."""
    asked = wish(subject(KNOWN), subject("ggz.known", identity={**MAN, "givenNames": "Piet"}))
    one, (man, other) = composed(parties, composing, asked)
    inquiry, about, keyed = composing.entries(one, asked, [man, other], CHAIR)
    assert (inquiry.kind, inquiry.facts["holder"], inquiry.facts["user"]) == (
        "inquiry",
        "reclassering",
        CHAIR.user,
    )
    assert (about.kind, about.subject_ref) == ("subject", man.ref)
    assert about.sealed is not None
    assert about.sealed["necessity"] == {KNOWN: f"Vanwege {KNOWN}.\nMet minder kan het niet."}
    assert "Testenaar" not in str(inquiry.facts) + str(about.facts) + str(keyed)
    assert (keyed.kind, keyed.subject_ref, keyed.kept) == ("person", man.ref, True)


@pytest.mark.parametrize(
    ("birth_date", "said", "band"),
    [
        ("1984-03-12", "unknown", "adult"),
        ("1984-00-00", "under_12", "adult"),  # what cannot be is not believed
        ("2010-03-12", "adult", "from_16_to_17"),
        ("0000-00-00", "from_12_to_15", "from_12_to_15"),
        ("0000-00-00", "unknown", "unknown"),
        ("2014-00-00", "from_12_to_15", "from_12_to_15"),
        ("2014-00-00", "adult", "unknown"),
    ],
)
def test_the_age_is_that_of_the_birth_date(
    birth_date: str, said: str, band: str, composing: Composing
) -> None:
    """What the asker says counts only where that leaves it open, and only if it can be so."""
    one = wish(subject(KNOWN, identity={**MAN, "birthDate": birth_date}, ageBand=said))
    [man] = one.subjects
    told = composing.decision_input(OWN_CASE, one, man, man.questions[0], CHAIR, regime="bilateral")
    assert told["subject"]["age_band"] == band  # type: ignore[index]


@pytest.mark.parametrize(("reason", "counts"), [("", False), ("  ", False), ("Aangifte van 1 mei.", True)])
def test_two_roles_count_with_a_reason_alone(reason: str, counts: bool, composing: Composing) -> None:
    one = wish(subject(KNOWN, role="victim", dualRole=True, dualRoleReason=reason))
    [woman] = one.subjects
    told = composing.decision_input(OWN_CASE, one, woman, woman.questions[0], CHAIR, regime="bilateral")
    assert told["subject"]["dual_role"] is counts  # type: ignore[index]


def test_policy_sees_who_works_on_the_case(composing: Composing) -> None:
    """And nothing of whom it is about."""
    one = wish(subject(KNOWN))
    [man] = one.subjects
    somebody = Colleague("u-other", frozenset({"chair"}), mandated=False)
    told = composing.decision_input(OWN_CASE, one, man, man.questions[0], somebody, regime="bilateral")
    assert told["requester"] == {"partner": ASKER, "role": "chair", "mandated": False, "assigned": False}
    assert told["case"]["own_region"] is True  # type: ignore[index]
    assert "Testenaar" not in str(told)
    assert CASE not in str(told)
