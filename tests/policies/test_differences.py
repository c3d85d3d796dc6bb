"""Where the data once said another thing than the hand-out, or less: settled in docs/decisions/0116."""

from policies import Release
from policies.words import Words

MEASURES = (
    "under_investigation",
    "family_supervision_order",
    "family_supervision_order_and_placement",
    "custody_measure",
    "guardianship",
)


def test_all_open_questions_can_be_read(release: Release) -> None:
    """Also those on which no basis depends."""
    shown = [*Words(release.catalogue, dutch=True).open_questions()]
    assert [line.partition(":")[0] for line in shown] == [f"Q{number}" for number in range(1, 23)]


def test_what_veilig_thuis_supplies_has_no_question_about_what_the_board_supplies(release: Release) -> None:
    """Q13 is about the Raad; A15 asks over a region's border, which is Q20."""
    catalogue = release.catalogue
    asked = {
        code: {one.code for one in catalogue.unsettled(bases)}
        for code, partner in (("A15", "veilig_thuis"), ("B01", "rvdk"))
        for bases in [catalogue.rules[code].legal_bases[partner]]
    }
    assert asked == {"A15": {"Q20"}, "B01": set()}
    assert "Q13" in {one.code for one in catalogue.unsettled(["out_rvdk"])}


def test_a_measure_can_be_given_by_a_row_and_is_by_none_yet(release: Release) -> None:
    question = release.catalogue.questions["rvdk.measure_advised"]
    assert question.flag_codes == MEASURES
    given = {code for rule in release.catalogue.rules.values() for code in rule.answer_codes}
    assert given.isdisjoint(MEASURES)


def test_a_purpose_for_danger_is_a_source_of_the_reason_that_nobody_declared_it(release: Release) -> None:
    assert release.catalogue.reasons["urgency_not_declared"].comes_from == ("urgent", "immediate_safety")


def test_a_general_notice_names_its_articles(release: Release) -> None:
    assert "Wpg 24a, 24b, 27; Wjsg 17a, 17b" in release.catalogue.transparency["general_notice"].nl
