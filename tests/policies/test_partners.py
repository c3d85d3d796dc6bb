"""What the law says of each kind of partner, written out here by hand, not from the data: they must agree."""

from typing import NamedTuple

from policies import Release


class Kind(NamedTuple):
    duties: tuple[str, ...]
    by_machine: bool
    victims: bool
    minors: bool
    requests: dict[str, tuple[int, int, int, int, str]]
    """Asked -> months, days, more months, more days, basis."""


AVG = (1, 0, 2, 0, "AVG 12(3)")
KINDS = {
    "veilig_thuis": Kind(
        ("chairs",),
        True,
        True,
        True,
        {"each": (*AVG[:4], "Wmo 5.3.2; AVG 12(3)"), "erasure": (3, 0, 0, 0, "Wmo 5.3.5")},
    ),
    "politie": Kind(("accepts",), False, True, True, {"each": (0, 42, 0, 28, "Wpg 25, 27, 28")}),
    "om": Kind(
        ("prosecutes", "accepts"),
        False,
        False,
        True,
        {"each": (0, 28, 0, 0, "Wjsg 18, 21(2)"), "rectification": (0, 42, 0, 0, "Wjsg 39i")},
    ),
    "reclassering": Kind((), True, False, False, {"each": AVG}),
    "rvdk": Kind(("accepts",), True, True, True, {"each": AVG}),
}
UNDER_12 = {
    "rvdk.known",
    "rvdk.investigation_type",
    "rvdk.measure_advised",
    "veilig_thuis.earlier_report",
    "veilig_thuis.ongoing_involvement",
    "politie.relevant_registrations",
}


def test_each_kind_of_partner_is_what_the_law_says(release: Release) -> None:
    """Wpg 23(2) and Wjsg 39f: no machine answer; D08, D09: about whom; the terms of a person's requests."""
    found = {
        code: Kind(
            one.duties,
            one.answers_by_machine,
            one.about_victims,
            one.about_minors,
            {
                asked: (term.months, term.days, term.more_months, term.more_days, term.basis)
                for asked, term in one.requests.items()
            },
        )
        for code, one in release.catalogue.partners.items()
    }
    assert found == KINDS


def test_only_these_questions_are_about_a_child_under_12(release: Release) -> None:
    """D08."""
    assert {one.code for one in release.catalogue.questions.values() if one.under_12} == UNDER_12
