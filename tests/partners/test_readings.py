"""What records of each partner say to its questions."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from adapters.partners import om, politie, reclassering, rvdk, veilig_thuis
from adapters.partners.adapter import Asked, RecordReading, RegisterAdapter
from adapters.partners.age import age_bands
from adapters.registers.register import Candidates, Found, Person, Record
from adapters.registers.thresholds import read_thresholds
from contract.identity import Identity

TODAY = date(2026, 3, 10)
MAN = Identity("Zoekstrama", "Harmen Jan", "1984-03-25", "van", "", "9991ZX", "14a")
READINGS: dict[str, RecordReading] = {
    **reclassering.READINGS,
    **rvdk.READINGS,
    **politie.READINGS,
    **om.READINGS,
    **veilig_thuis.READINGS,
}


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def says(question: str, role: str, *records: Record) -> tuple[str, ...]:
    return READINGS[question](frozenset(records), role, TODAY).codes


def client(kind: str, start: int, end: int | None = None, *traits: str) -> Record:
    return Record(kind, "client", ago(start), None if end is None else ago(end), frozenset(traits))


@pytest.mark.parametrize(
    ("record", "known", "supervision", "kind"),
    [
        (client("suspension_supervision", 9), "yes", "yes", ("suspension_supervision",)),
        (client("conditional_sentence", 9, None, "contact_ban"), "yes", "yes", ("contact_ban",)),
        (client("conditional_release", 9), "yes", "yes", ("other",)),
        (client("conditional_sentence", 9, 0), "yes", "yes", ("other",)),
        (client("conditional_sentence", 9, 1, "area_ban"), "no", "no", ("none",)),
        (client("conditional_sentence", -1), "no", "no", ("none",)),
        (client("conditional_sentence", 9, None, "suspended", "area_ban"), "yes", "no", ("none",)),
        (client("community_service", 9), "yes", "no", ("none",)),
        (client("report", 9), "yes", "no", ("none",)),
        (client("report", 9, 2), "no", "no", ("none",)),
    ],
)
def test_reclassering_says_what_runs_today(
    record: Record, known: str, supervision: str, kind: tuple[str, ...]
) -> None:
    """Only current involvement counts, only a supervision that is carried out is a supervision."""
    role = "suspected_perpetrator"
    assert says("reclassering.known", role, record) == (known,)
    assert says("reclassering.under_supervision", role, record) == (supervision,)
    assert says("reclassering.supervision_kind", role, record) == kind


@pytest.mark.parametrize("kind", rvdk.NEVER_COUNTED)
@pytest.mark.parametrize("role", ["child", "parent"])
def test_adoption_descent_screening_and_foster_checks_never_count(kind: str, role: str) -> None:
    """D12: for RvdK's answers such a file is not there."""
    record = Record(kind, role, ago(9), traits=frozenset({rvdk.MEASURE_ADVISED}))
    assert [says(question, role, record) for question in rvdk.READINGS] == [("no",), ("none",), ("no",)]


@pytest.mark.parametrize(
    ("in_file", "asked", "known"),
    [
        ("child", "child", "yes"),
        ("child", "parent", "no"),
        ("parent", "parent", "yes"),
        ("parent", "child", "no"),
        ("parent", "suspected_perpetrator", "no"),
    ],
)
def test_rvdk_counts_the_role_in_which_is_asked(in_file: str, asked: str, known: str) -> None:
    """A parent counts as a party, a child as the child of a file."""
    assert says("rvdk.known", asked, Record("protection", in_file, ago(9))) == (known,)


def test_a_minor_suspect_is_asked_about_in_criminal_files_only() -> None:
    """A07: what is known for protection does not come out under another role."""
    protection, criminal = (
        Record("protection", "child", ago(9)),
        Record("criminal", "suspected_perpetrator", ago(9)),
    )
    question = "rvdk.investigation_type"
    assert says(question, "suspected_perpetrator", protection) == ("none",)
    assert says(question, "suspected_perpetrator", protection, criminal) == ("criminal",)
    assert says(question, "child", protection, criminal) == ("protection", "criminal")
    assert says(question, "child", Record("protection", "child", ago(9), ago(2))) == ("none",)


def test_a_measure_counts_when_it_was_advised() -> None:
    """A file without advice is a no."""
    advised = frozenset({rvdk.MEASURE_ADVISED})
    assert says("rvdk.measure_advised", "child", Record("protection", "child", ago(9), ago(3), advised)) == (
        "yes",
    )
    assert says("rvdk.measure_advised", "child", Record("protection", "child", ago(9))) == ("no",)


def test_the_board_says_which_measure_where_its_service_does() -> None:
    """Only a row that gives these codes lets them go: which one is no work for a developer any more."""
    marks = {"afgeschermd": False, "inOnderzoek": False, "maatregelGeadviseerd": False}
    file = {"soort": "bescherming", "rol": "minderjarige", "geopend": "2026-01-05", "gesloten": None, **marks}
    for told, codes in (
        ({}, ("no",)),
        ({"maatregelGeadviseerd": True}, ("yes",)),
        ({"maatregelGeadviseerd": True, "maatregel": "voogdij"}, ("yes", "guardianship")),
        ({"maatregel": "voogdij"}, ("no",)),
    ):
        found = [*rvdk.records({"dossiers": [{**file, **told}]})]
        assert says("rvdk.measure_advised", "child", *found) == codes
        assert [*rvdk.records({"dossiers": rvdk.dossiers(found)})] == found


def test_police_looks_back_five_years() -> None:
    """The day five years ago still counts, the day before it does not."""
    question, role = "politie.relevant_registrations", "suspected_perpetrator"
    assert says(question, role, Record("violence", "suspect", date(2021, 3, 10))) == ("shareable", "violence")
    assert says(question, role, Record("violence", "suspect", date(2021, 3, 9))) == ("none_shareable",)
    assert says(question, role, Record("other", "suspect", ago(9))) == ("none_shareable",)


def test_police_looks_back_no_further_than_the_hand_out_says() -> None:
    """A year where it says one; an alert for staff has no such limit: it runs or it does not."""
    started = date(2024, 3, 10)
    records = {Record("violence", "suspect", started), Record(politie.STAFF_ALERT, "involved", started)}

    class One:
        async def find(self, identities: Sequence[Identity]) -> Found:
            person = Person("1", MAN, frozenset(records))
            return Found(TODAY, tuple(Candidates((person,)) for _ in identities))

        async def close(self) -> None: ...

    adapter = RegisterAdapter(
        "politie",
        One(),
        politie.READINGS,
        thresholds=read_thresholds(),
        today=lambda: TODAY,
        looks_back=politie.LOOKS_BACK,
    )
    asked = [
        Asked(question, MAN, "suspected_perpetrator", "adult", years)
        for question in politie.READINGS
        for years in (1, 2, 5)
    ]
    assert [one.codes for one in asyncio.run(adapter.look_up(asked))] == [
        ("none_shareable",),
        ("shareable", "violence"),
        ("shareable", "violence"),
        *[("yes",)] * 3,
    ]


def test_police_counts_a_victim_only_as_a_victim() -> None:
    """A11: about a victim or a child only what happened to them, about a suspect only the suspicions."""
    question = "politie.relevant_registrations"
    suspect, victim = (Record("stalking", role, ago(9)) for role in ("suspect", "victim"))
    for role in ("victim", "child"):
        assert says(question, role, suspect) == ("none_shareable",)
        assert says(question, role, suspect, victim) == ("shareable", "stalking")
    for role in ("suspected_perpetrator", "household_member"):
        assert says(question, role, victim) == ("none_shareable",)


def test_an_alert_for_staff_ends() -> None:
    """Only an alert that holds today."""
    question, role = "politie.staff_safety_alert", "parent"
    assert says(question, role, Record(politie.STAFF_ALERT, "suspect", ago(9))) == ("yes",)
    assert says(question, role, Record(politie.STAFF_ALERT, "suspect", ago(9), ago(1))) == ("no",)


def test_om_says_a_prosecution_runs_until_it_is_decided() -> None:
    """A case that was decided today no longer runs."""
    question, role = "om.ongoing_prosecution", "suspected_perpetrator"
    assert says(question, role, Record(om.CASE, "suspect", ago(9))) == ("yes",)
    assert says(question, role, Record(om.CASE, "suspect", ago(9), TODAY)) == ("no",)
    assert says(question, role, Record("contact_ban", "suspect", ago(9))) == ("no",)


def test_a_measure_is_valid_until_the_first_of_them_ends() -> None:
    """A13: the kinds in the order of the catalogue, and the first end date."""
    near, far = TODAY + timedelta(days=5), TODAY + timedelta(days=50)
    records = {
        Record("area_ban", "suspect", ago(9), far),
        Record("behaviour_order", "suspect", ago(9), near),
        Record("contact_ban", "suspect", ago(9), ago(1)),
        Record(om.CASE, "suspect", ago(10), ago(3)),
    }
    found = om.READINGS["om.safety_measure_in_force"](frozenset(records), "suspected_perpetrator", TODAY)
    assert (found.codes, found.valid_until) == (("behaviour_order", "area_ban"), near)


def test_antecedents_say_nothing() -> None:
    """A14: one code, whatever is found."""
    for records in ([], [Record(om.CASE, "suspect", ago(9), ago(3))]):
        assert says("om.antecedents", "suspected_perpetrator", *records) == ("in_meeting",)


def test_veilig_thuis_tells_earlier_from_now() -> None:
    """A closed melding is an earlier report and no involvement, unless an onderzoek runs."""
    closed = Record(veilig_thuis.MELDING, "child", ago(90), ago(30))
    running = Record(veilig_thuis.ONDERZOEK, "child", ago(80))
    questions = ("veilig_thuis.earlier_report", "veilig_thuis.ongoing_involvement")
    assert [says(question, "child", closed) for question in questions] == [("yes",), ("no",)]
    assert [says(question, "child", closed, running) for question in questions] == [("yes",), ("yes",)]
    assert [says(question, "child") for question in questions] == [("no",), ("no",)]


def test_what_is_in_doubt_is_only_said_to_be() -> None:
    """A record in doubt that counts makes the answer doubtful, one that does not count changes nothing."""
    doubted = Record("conditional_sentence", "client", ago(9), in_doubt=True)
    closed = Record("conditional_sentence", "client", ago(9), ago(2), in_doubt=True)
    for question, reading in reclassering.READINGS.items():
        assert reading(frozenset({doubted}), "suspected_perpetrator", TODAY).in_doubt, question
        assert not reading(frozenset({closed}), "suspected_perpetrator", TODAY).in_doubt, question


def test_no_records_give_a_plain_negative() -> None:
    """Who is not there is answered by the same reading, without doubt or date."""
    negatives = {"no", "none", "none_shareable", "in_meeting"}
    for question, reading in READINGS.items():
        found = reading(frozenset(), "suspected_perpetrator", TODAY)
        assert (set(found.codes) <= negatives, found.valid_until, found.in_doubt) == (True, None, False), (
            question
        )


@pytest.mark.parametrize(
    ("born", "bands"),
    [
        ("2014-03-11", {"under_12"}),
        ("2014-03-10", {"from_12_to_15"}),
        ("2010-03-11", {"from_12_to_15"}),
        ("2010-03-10", {"from_16_to_17"}),
        ("2008-03-10", {"adult"}),
        ("2008-03-00", {"from_16_to_17", "adult"}),
        ("2008-00-00", {"from_16_to_17", "adult"}),
        ("2007-00-00", {"adult"}),
        ("0000-00-00", {"under_12", "from_12_to_15", "from_16_to_17", "adult"}),
    ],
)
def test_age_bands_turn_on_the_birthday(born: str, bands: set[str]) -> None:
    """On the day itself, and every band that an incomplete date leaves open."""
    assert age_bands(born, TODAY) == bands
