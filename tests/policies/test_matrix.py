"""The rows of the hand-out, written out here by hand from its text, not from the data: they must agree."""

import asyncio
import functools
import itertools
from typing import Any, NamedTuple

import pytest

from policies import Decision, EmbeddedPolicy, Release, load_release
from policies.table import Cell, facts
from tests.policies.conftest import asking

P1, P2, P3, P4, P5 = (
    "enrich_referral",
    "decide_attendance",
    "interpret",
    "immediate_safety",
    "carry_out_and_monitor",
)
MINOR = ("under_12", "from_12_to_15", "from_16_to_17")
TWELVE = ("from_12_to_15", "from_16_to_17", "adult")
ALL = (*MINOR, "adult")
BOOL = ("yes", "no", "not_determinable")
POLICE_FLAGS = ("violence", "stalking", "weapons", "domestic_violence_or_child_abuse", "ongoing_intervention")
POLICE = ("shareable", "none_shareable", "not_determinable", *POLICE_FLAGS)
CONDITIONS = ("contact_ban", "area_ban", "electronic_monitoring", "suspension_supervision", "other")
MEASURES = ("behaviour_order", "contact_ban", "area_ban", "suspension_conditions", "other")
SUSPECT_ADULT = {"suspected_perpetrator": ("adult",), "victim+": ("adult",)}
SUSPECT_12 = {"suspected_perpetrator": TWELVE, "victim+": TWELVE}
CHILD_PARENT = {"child": MINOR, "parent": TWELVE}
ANYONE = {
    "suspected_perpetrator": TWELVE,
    "victim": ALL,
    "child": MINOR,
    "parent": TWELVE,
    "household_member": ALL,
}


class Row(NamedTuple):
    """`about`: role -> ages; `victim+`: a victim with a dual role, by hand (C17)."""

    rule: str
    requester: str
    questions: tuple[str, ...]
    purposes: tuple[str, ...]
    mode: str
    about: dict[str, tuple[str, ...]]
    codes: tuple[str, ...]
    desk: bool
    bases: tuple[str, ...]


VT, IN = "veilig_thuis", "in_vt_criminal"
VT_ASKED = ("veilig_thuis.earlier_report", "veilig_thuis.ongoing_involvement")
SUPERVISED = ("reclassering.known", "reclassering.under_supervision")
AT_THE_BOARD = ("rvdk.known", "rvdk.measure_advised")
ROWS = (
    Row("A01", VT, ("reclassering.known",), (P1, P2), "automatic", SUSPECT_ADULT, BOOL, False,
        (IN, "out_reclassering")),
    Row("A02", VT, ("reclassering.under_supervision",), (P1, P2, P4), "automatic", SUSPECT_ADULT, BOOL, True,
        (IN, "out_reclassering")),
    Row("A03", VT, ("reclassering.supervision_kind",), (P3, P4, P5), "human", SUSPECT_ADULT,
        (*CONDITIONS, "none", "not_determinable"), False, (IN, "out_reclassering", "wjsg_51c_2_b_e")),
    Row("A06", VT, ("rvdk.known",), (P1, P2), "automatic", CHILD_PARENT, BOOL, True, ("in_vt", "out_rvdk")),
    Row("A07", VT, ("rvdk.investigation_type",), (P2, P3), "human", CHILD_PARENT,
        ("protection", "custody_and_contact", "none", "not_determinable"), False, ("in_vt", "out_rvdk")),
    Row("A07", VT, ("rvdk.investigation_type",), (P2, P3), "human",
        {"suspected_perpetrator": ("from_12_to_15", "from_16_to_17")},
        ("criminal", "none", "not_determinable"), False, ("in_vt", "out_rvdk")),
    Row("A08", VT, ("rvdk.measure_advised",), (P3, P5), "human", CHILD_PARENT, BOOL, False,
        ("in_vt", "out_rvdk")),
    Row("A09", VT, ("politie.relevant_registrations",), (P1, P3), "human",
        {"suspected_perpetrator": TWELVE, "household_member": ("adult",)}, POLICE, False,
        ("in_vt_wpg_wjsg", "out_politie")),
    Row("A10", VT, ("politie.staff_safety_alert",), (P1, P4), "human",
        dict.fromkeys(("suspected_perpetrator", "household_member", "parent"), ("adult",)), BOOL, True,
        ("in_vt_wpg_wjsg", "out_politie", "wpg_19_c")),
    Row("A11", VT, ("politie.relevant_registrations",), (P3,), "human", {"victim": ALL, "child": MINOR},
        POLICE, False, ("in_vt_wpg_wjsg", "out_politie", "wpg_6b")),
    Row("A12", VT, ("om.ongoing_prosecution",), (P1, P3), "human", SUSPECT_12, BOOL, True,
        ("in_vt_wpg_wjsg", "out_om")),
    Row("A13", VT, ("om.safety_measure_in_force",), (P3, P4, P5), "human", SUSPECT_12,
        (*MEASURES, "none", "not_determinable"), False,
        ("in_vt_wpg_wjsg", "out_om", "wjsg_39f_1_b", "wjsg_51c_2_b_e")),
    Row("A14", VT, ("om.antecedents",), (P3,), "human", SUSPECT_ADULT, ("in_meeting",), False,
        ("in_vt_wpg_wjsg", "out_om", "wjsg_8a")),
    Row("A15", VT, ("veilig_thuis.earlier_report",), (P1,), "human", ANYONE, BOOL, True,
        ("wmo_5_1_6", "wmo_5_3_3_4")),
    Row("B01", "rvdk", VT_ASKED, (P1, P3), "automatic", CHILD_PARENT, BOOL, True,
        ("in_rvdk", "out_vt_named", "wmo_5_3_3_4")),
    Row("B02", "politie", VT_ASKED, (P1, P4), "human", ANYONE, BOOL, True,
        ("in_politie", "out_vt_named", "wmo_4_1_1_2_g")),
    Row("B03", "om", VT_ASKED, (P1, P3), "human",
        ANYONE, BOOL, True, ("in_om", "out_vt_unnamed")),
    Row("B04", "reclassering", VT_ASKED, (P3, P5), "human", {"suspected_perpetrator": ("adult",)}, BOOL, True,
        ("in_reclassering", "out_vt_unnamed")),
    Row("J01", "om", ("reclassering.under_supervision",), (P3, P4), "automatic", SUSPECT_ADULT, BOOL, True,
        ("in_om", "reclasseringsregeling_8_1_c")),
    Row("J02", "om", ("reclassering.supervision_kind",), (P3, P4, P5), "human", SUSPECT_ADULT,
        (*CONDITIONS, "none", "not_determinable"), False, ("in_om", "reclasseringsregeling_8_1_c")),
    Row("J03", "politie", SUPERVISED, (P3, P4), "human", SUSPECT_ADULT, BOOL, False,
        ("in_politie", "reclasseringsregeling_37")),
    Row("J04", "rvdk", SUPERVISED, (P3, P4), "human", {"parent": ("adult",)}, BOOL, False,
        ("in_rvdk_criminal", "bw_1_240")),
    Row("J05", "politie", AT_THE_BOARD, (P3, P5), "human", CHILD_PARENT, BOOL, False,
        ("in_politie", "out_rvdk_chain")),
    Row("J05", "om", AT_THE_BOARD, (P3, P5), "human", CHILD_PARENT, BOOL, False, ("in_om", "out_rvdk_chain")),
    Row("J06", "reclassering", ("rvdk.known",), (P3, P5), "human", {"child": MINOR}, BOOL, False,
        ("in_reclassering", "out_rvdk_client")),
    Row("J08", "reclassering", ("politie.relevant_registrations",), (P3, P5), "human",
        {"suspected_perpetrator": TWELVE, "household_member": ("adult",)}, POLICE, False,
        ("in_reclassering", "bpg_4_2_1_g")),
    Row("J08", "rvdk", ("politie.relevant_registrations",), (P3, P5), "human",
        {"suspected_perpetrator": TWELVE, "household_member": ("adult",)}, POLICE, False,
        ("in_rvdk", "bpg_4_2_1_j")),
    Row("J09", "reclassering", ("om.ongoing_prosecution",), (P3, P5), "human", SUSPECT_ADULT, BOOL, False,
        ("in_reclassering", "wjsg_39e_1_g")),
    Row("J10", "rvdk", ("om.ongoing_prosecution",), (P3,), "human", SUSPECT_12, BOOL, False,
        ("in_rvdk", "wjsg_39f_1_f")),
)  # fmt: skip
STAGES = {
    P1: ("referral", "enrichment"),
    P2: ("enrichment",),
    P3: ("enrichment", "meeting"),
    P4: ("referral", "enrichment", "meeting", "follow_up"),
    P5: ("follow_up",),
}
EXTRA = {  # obligations of a row beyond those of every permit
    "A03": {"state_safety_relevance"},
    "A07 suspect": {"prosecutor_agrees"},
    "A10": {"state_protection_considered"},
    "A12": {"prosecutor_agrees"},
    "A13": {"prosecutor_agrees"},
    "A14": {"prosecutor_agrees", "oral_only"},
    "B02": {"state_severity"},
    "B03": {"state_need_for_cooperation"},
    "B04": {"state_need_for_cooperation", "state_running_mandate"},
    "J09": {"prosecutor_agrees"},
    "J10": {"prosecutor_agrees"},
}
EVERY = {
    "match_statutory_set",
    "exclude_shielded",
    "not_determinable_if_deceased",
    "remind_of_secrecy",
    "no_onward_use",
    "inform_subject",
}
TELLS = {
    VT: "vt_informs",
    "rvdk": "avg_informs",
    "reclassering": "avg_informs",
    "politie": "general_notice",
    "om": "general_notice",
}


def _expected(row: Row, role: str, urgency: str, regime: str, dual_role: bool) -> dict[str, Any]:
    human = row.mode == "human" or dual_role or regime == "zvh"
    name = "A07 suspect" if row.rule == "A07" and role == "suspected_perpetrator" else row.rule
    obligations = EVERY | EXTRA.get(name, set()) | ({"release_by_official"} if human else set())
    fast = row.rule == "A10" or urgency == "acute_danger"
    return {
        "rule": row.rule,
        "mode": "human" if human else "automatic",
        "codes": row.codes,
        "desk": row.desk,
        "deadline": "fast_deadline" if fast else "human_deadline",
        "bases": row.bases,
        "obligations": obligations | ({"review_urgent_use"} if urgency == "acute_danger" else set()),
        "transparency": (TELLS[row.requester], "holder_records"),
        "retention": ("audit_record",)
        if row.rule == "A14"
        else ("no_answer_at_broker", "audit_record", "receivers_own_file"),
        "status": "concept",
    }


@functools.cache
def permitted_by_hand() -> dict[tuple[str | bool, ...], dict[str, Any]]:
    """Cell -> what must be permitted there. Every cell that is not here must be refused."""
    found: dict[tuple[str | bool, ...], dict[str, Any]] = {}
    for row in ROWS:
        whom = [(role, age) for role, ages in row.about.items() for age in ages]
        for question, purpose, (role, age) in itertools.product(row.questions, row.purposes, whom):
            duals = {"victim": (False, True), "victim+": (True,)}.get(role, (False,))
            bare = role.removesuffix("+")
            for stage, urgency, regime, dual in itertools.product(
                STAGES[purpose], ("normal", "acute_danger"), ("bilateral", "zvh"), duals
            ):
                if purpose == P4 and urgency == "normal":
                    continue
                cell = (row.requester, question, purpose, bare, age, urgency, regime, stage, dual)
                by_hand = dual and role == "victim+"
                found[cell] = _expected(row, bare, urgency, regime, by_hand)
    return found


def told(decision: Decision) -> dict[str, Any]:
    return {
        "rule": decision.rule,
        "mode": decision.mode,
        "codes": decision.answer_codes,
        "desk": decision.desk,
        "deadline": decision.deadline,
        "bases": decision.legal_bases,
        "obligations": set(decision.obligations),
        "transparency": decision.transparency,
        "retention": decision.retention,
        "status": decision.status,
    }


GATES: tuple[tuple[str, object, frozenset[str]], ...] = (
    ("case.kind", "anonymous", frozenset({"case_anonymous"})),
    ("case.melding", "none", frozenset({"melding_missing"})),
    ("case.melding", "overdue", frozenset({"melding_overdue"})),
    ("case.criteria", "relevance_only", frozenset({"criterion_factors_missing"})),
    ("case.criteria", "factors_only", frozenset({"criterion_relevance_missing"})),
    ("case.criteria", "none", frozenset({"criterion_factors_missing", "criterion_relevance_missing"})),
    ("case.own_region", False, frozenset({"outside_region"})),
    ("rule.in_force", False, frozenset({"rule_not_in_force"})),
    ("requester.role", "minute_taker", frozenset({"requester_role_not_allowed"})),
    ("requester.role", "confidential_doctor", frozenset({"requester_role_not_allowed"})),
    ("requester.mandated", False, frozenset({"requester_not_mandated"})),
    ("requester.assigned", False, frozenset({"requester_not_assigned"})),
    ("subject.consent", "not_recorded", frozenset({"consent_status_missing"})),
    ("necessity.motivated", False, frozenset({"necessity_missing"})),
    ("necessity.subsidiarity", False, frozenset({"subsidiarity_missing"})),
    ("repetition.asked_before", True, frozenset({"asked_before"})),
    ("repetition.over_budget", True, frozenset({"over_budget"})),
)


@pytest.mark.parametrize(
    ("path", "value", "reasons"), GATES, ids=[f"{path}={value}" for path, value, _ in GATES]
)
def test_a_gate_refuses_every_permitted_cell_with_exactly_its_own_reason(
    release: Release, path: str, value: object, reasons: frozenset[str]
) -> None:
    group, name = path.split(".")
    closed = []
    for cell in permitted_by_hand():
        given = facts(Cell(cell), release.catalogue)
        given[group][name] = value  # type: ignore[index]
        closed.append(given)
    decisions = asyncio.run(EmbeddedPolicy(release, remember=0).decide(closed))
    assert {frozenset(reason.code for reason in one.reasons) for one in decisions} == {reasons}
    assert {one.rule for one in decisions} == {row.rule for row in ROWS}


def test_a_melding_that_is_due_opens_only_rows_without_veilig_thuis_in_danger(release: Release) -> None:
    """C1b, D03: J rows may go on with acute danger, Veilig Thuis stays closed; without danger nothing."""
    reasons: dict[tuple[str, str], set[frozenset[str]]] = {}
    asked, kinds = [], []
    for cell in permitted_by_hand():
        given = facts(Cell(cell), release.catalogue)
        given["case"]["melding"] = "due"  # type: ignore[index]
        asked.append(given)
        kinds.append(("AB" if VT in {cell[0], str(cell[1]).partition(".")[0]} else "J", cell[5]))
    for kind, one in zip(kinds, asyncio.run(EmbeddedPolicy(release).decide(asked)), strict=True):
        reasons.setdefault((kind[0], str(kind[1])), set()).add(frozenset(r.code for r in one.reasons))
    assert reasons == {
        ("J", "acute_danger"): {frozenset()},
        ("J", "normal"): {frozenset({"melding_missing"})},
        ("AB", "acute_danger"): {frozenset({"veilig_thuis_closed"})},
        ("AB", "normal"): {frozenset({"melding_missing"})},
    }


SITUATIONS: dict[str, tuple[dict[str, Any], set[str], str | None]] = {
    "D01 the chair asks OM": (
        {"holder": "om", "question": "om.ongoing_prosecution", "necessity.weighty_and_urgent": True},
        set(), "A12"),
    "D02 no melding": ({"case.melding": "none"}, {"melding_missing"}, "A02"),
    "D04 anonymous": ({"case.kind": "anonymous"}, {"case_anonymous"}, "A02"),
    "D06 a confidential doctor": (
        {"requester.role": "confidential_doctor"}, {"requester_role_not_allowed"}, "A02"),
    "D07 a third person": ({"subject.role": "third_person"}, {"third_person"}, "A02"),
    "D08 a minor": ({"subject.age_band": "from_16_to_17"}, {"reclassering_not_about_minors"}, "A05"),
    "D09 a victim": ({"subject.role": "victim"}, {"reclassering_not_about_victims"}, "A04"),
    "D09 OM about a victim": (
        {"holder": "om", "question": "om.ongoing_prosecution", "necessity.weighty_and_urgent": True,
         "subject.role": "victim"}, {"subject_role_not_allowed"}, "A12"),
    "C21 no weighty interest": (
        {"holder": "om", "question": "om.ongoing_prosecution"}, {"weighty_interest_missing"}, "A12"),
    "C18 no unsafety": ({"case.unsafety": "none"}, {"unsafety_not_flagged"}, "A02"),
    "C22 not accepted": ({"case.regime": "zvh"}, {"zvh_acceptance_missing"}, "A02"),
    "D16 closed": ({"case.stage": "closed"}, {"case_closed"}, "A02"),
    "no row": (
        {"requester.partner": "reclassering", "requester.role": "participant", "holder": "rvdk",
         "question": "rvdk.measure_advised"}, {"no_rule"}, None),
    "J07 the prosecution asks the police": (
        {"requester.partner": "om", "requester.role": "participant", "holder": "politie",
         "question": "politie.staff_safety_alert"}, {"use_own_channel"}, "J07"),
    "J07 the police ask the prosecution": (
        {"requester.partner": "politie", "requester.role": "participant", "holder": "om",
         "question": "om.antecedents"}, {"use_own_channel"}, "J07"),
    "unknown age": ({"subject.age_band": "unknown"}, {"age_unknown"}, "A02"),
    "a purpose of the row in another stage": (
        {"case.stage": "meeting", "purpose": "decide_attendance"}, {"purpose_not_in_stage"}, "A02"),
    "spoed that nobody declared": ({"purpose": P4}, {"urgency_not_declared"}, "A02"),
}  # fmt: skip


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_special_situation_gives_exactly_its_reasons_and_names_its_row(
    release: Release, situation: str
) -> None:
    changes, reasons, rule = SITUATIONS[situation]
    (decision,) = asyncio.run(EmbeddedPolicy(release).decide([asking(changes)]))
    assert ({reason.code for reason in decision.reasons}, decision.rule) == (reasons, rule)


def test_less_urgency_never_releases_more() -> None:
    """What is permitted normally is permitted in acute danger too, by the same row and codes."""
    permitted = permitted_by_hand()
    for cell, one in permitted.items():
        if cell[5] == "normal":
            urgent = permitted[(*cell[:5], "acute_danger", *cell[6:])]
            assert (urgent["rule"], urgent["codes"]) == (one["rule"], one["codes"])


def test_every_rule_and_reason_says_concept_or_cites_something() -> None:
    catalogue = load_release().catalogue
    assert {rule.status for rule in catalogue.rules.values()} == {"concept"}
    assert all(
        reason.citations and reason.text_nl and reason.text_en for reason in catalogue.reasons.values()
    )
    assert len(catalogue.reasons) == 37


def test_only_the_five_partners_ask_and_answer(release: Release) -> None:
    """D15: a care institution, a municipality or a school has no node; it speaks in the meeting."""
    five = {"veilig_thuis", "politie", "om", "reclassering", "rvdk"}
    assert set(release.catalogue.vocabulary["requester.partner"]) == five
    assert {question.holder for question in release.catalogue.questions.values()} == five


def test_an_answer_is_one_of_these_words_and_never_an_address_a_score_or_a_measure_in_full(
    release: Release,
) -> None:
    """D13, D19 and section 8: what no row can give cannot be answered at all."""
    flags = {
        "reclassering.supervision_kind": {
            "contact_ban", "area_ban", "electronic_monitoring", "suspension_supervision", "other"
        },
        "rvdk.investigation_type": {"protection", "custody_and_contact", "criminal"},
        "politie.relevant_registrations": {
            "violence", "stalking", "weapons", "domestic_violence_or_child_abuse", "ongoing_intervention"
        },
        "om.safety_measure_in_force": {
            "behaviour_order", "contact_ban", "area_ban", "suspension_conditions", "other"
        },
    }  # fmt: skip
    alone = {
        "politie.relevant_registrations": {"shareable", "none_shareable"},
        "om.antecedents": {"in_meeting"},
        "reclassering.supervision_kind": {"none"},
        "rvdk.investigation_type": {"none"},
        "om.safety_measure_in_force": {"none"},
    }
    given: dict[str, set[str]] = {}
    for row in ROWS:
        for question in row.questions:
            given.setdefault(question, set()).update(release.catalogue.rules[row.rule].answer_codes)
            for about in release.catalogue.rules[row.rule].subjects.values():
                given[question].update(about.answer_codes)
    for question, codes in given.items():
        own = alone.get(question, {"yes", "no"}) | flags.get(question, set())
        assert codes <= own | {"not_determinable"}, question
