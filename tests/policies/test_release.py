"""A release is its content: what changes it, what does not, and what is no release."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from policies import EmbeddedPolicy, Release, ReleaseError, load_release

_SOURCE = Path(__file__).parents[2] / "policies" / "handout"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(_SOURCE, tmp_path / "handout"))


def _edit(folder: Path, part: str, *path: str, value: Any) -> None:
    file = folder / part / "data.json"
    data = json.loads(file.read_text())
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    file.write_text(json.dumps(data))


def test_a_copy_has_the_same_revision_whatever_the_white_space(release: Release, folder: Path) -> None:
    file = folder / "matrix" / "data.json"
    file.write_text(json.dumps(json.loads(file.read_text()), indent=7))
    assert load_release(folder).revision == release.revision


def test_tests_and_the_generated_document_are_not_part_of_it(release: Release, folder: Path) -> None:
    (folder / "decision_test.rego").unlink()
    (folder / "release" / "data.json").write_text('{"revision": "forged"}')
    assert load_release(folder).revision == release.revision


@pytest.mark.parametrize("what", ["a row", "a text", "a rule"])
def test_any_other_change_gives_another_revision(release: Release, folder: Path, what: str) -> None:
    if what == "a row":
        _edit(folder, "matrix", "rules", "A02", "version", value=99)
    elif what == "a text":
        _edit(folder, "catalogue", "reasons", "no_rule", "text_nl", value="Dat kan niet.")
    else:
        with (folder / "decision.rego").open("a") as rules:
            rules.write("# a comment\n")
    assert load_release(folder).revision != release.revision


BAD: dict[str, tuple[tuple[str, ...], Any, str]] = {
    "a row in no cell": (("matrix", "cells", "rvdk"), {}, "matrix.rules.B01 stands in no cell."),
    "a cell with a row that is not there": (
        ("matrix", "cells", "rvdk", "veilig_thuis.earlier_report"), ["Z1"],
        "matrix.cells names rows that do not exist: Z1."),
    "two rows for one role": (
        ("matrix", "cells", "veilig_thuis", "politie.relevant_registrations"), ["A09", "A11", "A10"],
        "matrix.rules.A10 has unknown codes: yes, no."),
    "an unknown obligation": (
        ("matrix", "rules", "A02", "obligations"), ["be_nice"],
        "matrix.rules.A02 has unknown codes: be_nice."),
    "an unknown basis": (
        ("matrix", "rules", "A02", "legal_bases", "veilig_thuis"), ["because"],
        "matrix.rules.A02 has unknown codes: because."),
    "no basis for a requester": (
        ("matrix", "rules", "J05", "legal_bases"), {"om": ["in_om"]},
        "matrix.rules.J05 has not a basis for each of its requesters."),
    "a row about nobody": (
        ("matrix", "rules", "A02", "subjects"), {}, "matrix.rules.A02 speaks of nobody."),
    "no basis": (
        ("matrix", "rules", "A02", "legal_bases", "veilig_thuis"), [], "matrix.rules.A02 lacks a basis."),
    "a basis twice": (
        ("matrix", "rules", "A02", "legal_bases", "veilig_thuis"), ["in_vt", "in_vt"],
        "matrix.rules.A02.legal_bases.veilig_thuis names something twice."),
    "an unknown code": (
        ("matrix", "rules", "A02", "answer_codes"), ["yes", "address"],
        "matrix.rules.A02 has unknown codes: address."),
    "an unknown mode": (
        ("matrix", "rules", "A02", "mode"), "quick",
        "matrix.rules.A02 has a mode that is none of 'automatic', 'human', 'refuse'."),
    "an unknown condition": (
        ("matrix", "rules", "A02", "conditions"), ["full_moon"],
        "matrix.rules.A02 has unknown codes: full_moon."),
    "an unknown field": (
        ("matrix", "rules", "A02", "condition"), "x == 1", "matrix.rules.A02 has unknown fields: condition."),
    "a refusal that permits": (
        ("matrix", "rules", "J07", "answer_codes"), ["yes"],
        "matrix.rules.J07 has unknown fields: answer_codes."),
    "an unknown part": (("matrix", "exceptions"), {}, "matrix has unknown fields: exceptions."),
    "reviewed by nobody": (
        ("matrix", "rules", "A02", "status"), "reviewed",
        "matrix.rules.A02 is not concept, but has no reviewer."),
    "no date": (
        ("matrix", "rules", "A02", "valid_from"), "soon",
        "matrix.rules.A02.valid_from is no date (YYYY-MM-DD)."),
    "a number for a date": (
        ("matrix", "rules", "A02", "valid_from"), 86400,
        "matrix.rules.A02.valid_from is no date (YYYY-MM-DD)."),
    "a text for yes or no": (
        ("matrix", "rules", "A02", "desk"), "yes", "matrix.rules.A02.desk is neither true nor false."),
    "an unknown age permitted": (
        ("matrix", "rules", "A02", "subjects", "suspected_perpetrator", "ages"), ["unknown"],
        "matrix.rules.A02 permits an unknown age."),
    "a list that is none": (
        ("catalogue", "reasons", "no_rule", "citations"), "AVG 6",
        "catalogue.reasons.no_rule.citations is no list."),
    "a reason that cites nothing": (
        ("catalogue", "reasons", "no_rule", "citations"), [], "catalogue.reasons.no_rule cites nothing."),
    "a basis without an article": (
        ("catalogue", "legal_bases", "in_vt", "articles"), [],
        "catalogue.legal_bases.in_vt names no article."),
    "a reason without a way out": (
        ("catalogue", "reasons", "third_person", "way_out_nl"), None,
        "catalogue.reasons.third_person gives no way out."),
    "a way out that begins nowhere": (
        ("catalogue", "reasons", "third_person", "way_out"), {"operations": [], "calls": []},
        "catalogue.reasons.third_person does not say where its way out begins."),
    "a way out to somebody who cannot be called": (
        ("catalogue", "reasons", "third_person", "way_out", "calls"), ["mayor"],
        "catalogue.reasons.third_person.way_out.calls.0 is none of 'holder', 'chairs' or 'accepts'."),
    "an open question that nobody wrote down": (
        ("catalogue", "legal_bases", "in_vt", "open_questions"), ["Q99"],
        "catalogue.legal_bases.in_vt has unknown codes: Q99."),
    "a condition that gives no reason": (
        ("catalogue", "conditions", "full_moon"), {"nl": "volle maan", "en": "full moon"},
        "catalogue.conditions.full_moon is the source of no reason."),
    "a row that demands what every row demands": (
        ("matrix", "rules", "A02", "conditions"), ["melding_registered"],
        "matrix.rules.A02 has unknown codes: melding_registered."),
    "an answer code without a name": (
        ("catalogue", "answer_codes", "yes"), {"nl": "", "en": "yes"},
        "catalogue.answer_codes.yes.nl is empty."),
    "an answer code without names": (
        ("catalogue", "answer_codes", "yes"), {}, "catalogue.answer_codes.yes lacks nl, en."),
    "a code beside its key": (
        ("catalogue", "answer_codes", "yes", "code"), "yes",
        "yes in the catalogue has unknown fields: code."),
    "a role without a name": (
        ("catalogue", "subject_roles"), {}, "vocabulary.subject.role differs from the catalogue."),
    "a question of another holder": (
        ("catalogue", "questions", "rvdk.known", "holder"), "om",
        "catalogue.questions.rvdk.known does not begin with its holder."),
    "a partner without its words": (
        ("catalogue", "partners", "rvdk"), {"nl": "Raad", "en": "Board"},
        ("catalogue.partners.rvdk lacks short, in_sentence, asked_about, duties, answers_by_machine, "
        "about_victims, about_minors, requests.")),
    "a partner without a term": (
        ("catalogue", "partners", "rvdk", "requests"), {},
        "catalogue.partners.rvdk.requests has no 'each': the term of what has none of its own."),
    "a term for what nobody asks": (
        ("catalogue", "partners", "rvdk", "requests", "apology"),
        {"months": 1, "days": 0, "more_months": 0, "more_days": 0, "basis": "AVG 12"},
        ("catalogue.partners.rvdk.requests.apology is none of 'each', 'access', 'rectification', 'erasure', "
        "'restriction' or 'objection'.")),
    "a term without its law": (
        ("catalogue", "partners", "rvdk", "requests", "each", "basis"), "",
        "catalogue.partners.rvdk.requests.each.basis is empty."),
    "a duty of two": (
        ("catalogue", "partners", "rvdk", "duties"), ["chairs"],
        "catalogue.partners gives the duty 'chairs' to 2 partners, not to one."),
    "a duty of nobody": (
        ("catalogue", "partners", "om", "duties"), ["accepts"],
        "catalogue.partners gives the duty 'prosecutes' to 0 partners, not to one."),
    "partners without secrecy": (
        ("catalogue", "secrecy"), {"om": "Wjsg 52"},
        ("catalogue.secrecy does not name each partner: politie, reclassering, rvdk, veilig_thuis is "
        "missing.")),
    "receivers of whom nothing is said": (
        ("matrix", "receivers"), {"om": ["general_notice"]},
        "matrix.receivers does not name each partner: politie, reclassering, rvdk, veilig_thuis is missing."),
    "a receiver that informs in an unknown way": (
        ("matrix", "receivers", "om"), ["by_pigeon"], "matrix.receivers.om has unknown codes: by_pigeon."),
    "partners of which nobody is said to ask": (
        ("matrix", "asking_roles"), {"om": ["participant"]},
        ("matrix.asking_roles does not name each partner: politie, reclassering, rvdk, veilig_thuis is "
        "missing.")),
    "rows that ask without a role": (
        ("matrix", "asking_roles", "om"), [], "matrix.asking_roles.om names no role, but its rows ask."),
    "an unknown role that asks": (
        ("matrix", "asking_roles", "om"), ["janitor"], "matrix.asking_roles.om has unknown codes: janitor."),
    "an unknown role that asks in danger": (
        ("matrix", "urgent_asking_roles"), ["janitor"],
        "matrix.urgent_asking_roles has unknown codes: janitor."),
    "a question without its age": (
        ("catalogue", "questions", "rvdk.known"),
        {"holder": "rvdk", "nl": "?", "en": "?", "answer_codes": ["yes"], "flags": [], "desk": None},
        "catalogue.questions.rvdk.known lacks under_12."),
    "an automatic row that a prosecutor must agree to": (
        ("matrix", "rules", "A01", "obligations"), ["prosecutor_agrees"],
        "matrix.rules.A01 can be automatic, but only a person meets prosecutor_agrees."),
    "a row told by word of mouth that is automatic": (
        ("matrix", "rules", "A14", "mode"), "automatic",
        "matrix.rules.A14 can be automatic, but only a person meets prosecutor_agrees, oral_only."),
    "a role of an automatic row whose answer an official must state the need for": (
        ("matrix", "rules", "A06", "subjects", "parent", "obligations"), ["state_need_for_cooperation"],
        "matrix.rules.A06 can be automatic, but only a person meets state_need_for_cooperation."),
    "every automatic answer released by an official": (
        ("matrix", "by_mode", "automatic"), ["release_by_official"],
        "matrix.by_mode.automatic can be automatic, but only a person meets release_by_official."),
    "every permit agreed to by a prosecutor": (
        ("matrix", "every_permit"), ["prosecutor_agrees"],
        "matrix.every_permit can be automatic, but only a person meets prosecutor_agrees."),
    "danger in which a prosecutor agrees": (
        ("matrix", "by_urgency", "acute_danger", "obligations"), ["prosecutor_agrees"],
        "matrix.by_urgency.acute_danger can be automatic, but only a person meets prosecutor_agrees."),
    "an urgency of which nothing is said": (
        ("matrix", "by_urgency"), {"normal": {"obligations": []}},
        "matrix.by_urgency does not name each urgency."),
    "words of an official without an official": (
        ("catalogue", "obligations", "state_severity", "by_person"), False,
        "catalogue.obligations.state_severity is stated by an official, but not met by a person."),
    "a purpose by hand that the row has not": (
        ("matrix", "rules", "A02", "by_hand_for"), ["interpret"],
        "matrix.rules.A02.by_hand_for has unknown codes: interpret."),
    "an automatic row that is by hand for all": (
        ("matrix", "rules", "A01", "by_hand_for"), ["enrich_referral", "decide_attendance"],
        "matrix.rules.A01.by_hand_for leaves nothing automatic."),
    "a row by hand that is by hand": (
        ("matrix", "rules", "A03", "by_hand_for"), ["interpret"],
        "matrix.rules.A03.by_hand_for leaves nothing automatic."),
    "a fraction": (
        ("parameters", "notice_days"), 27.5,
        "handout/parameters/data.json has a number that is not whole."),
    "a parameter of nought": (
        ("parameters", "notice_days"), 0, "parameters.notice_days is no positive whole number."),
    "an unknown parameter": (("parameters", "patience"), 3, "parameters has unknown fields: patience."),
    "a region that loosens": (
        ("regions", "regions", "utrecht", "parameters"), {"max_repeats": 3},
        "regions.regions.utrecht.parameters.max_repeats is looser than nationally."),
    "a region of nowhere": (
        ("regions", "regions", "utrecht", "arrondissement"), "atlantis",
        "regions.regions.utrecht is in no arrondissement."),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_data_that_contradict_themselves_are_no_release(folder: Path, what: str) -> None:
    """And it is said where, and what is wrong there."""
    (part, *path), value, sentence = BAD[what]
    _edit(folder, part, *path, value=value)
    with pytest.raises(ReleaseError) as raised:
        load_release(folder)
    assert str(raised.value) == sentence


def test_a_key_twice_is_no_release(folder: Path) -> None:
    (folder / "parameters" / "data.json").write_text('{"notice_days": 28, "notice_days": 90}')
    with pytest.raises(ReleaseError, match="twice"):
        load_release(folder)


def test_an_empty_or_absent_folder_is_no_release(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(ReleaseError, match="missing"):
            load_release(folder)


def test_rules_that_the_engine_cannot_use_stop_the_start(folder: Path) -> None:
    (folder / "case" / "case.rego").write_text(
        "package handout.case\n\nreasons contains 1 if no_such_thing(\n"
    )
    with pytest.raises(ReleaseError):
        EmbeddedPolicy(load_release(folder))


def test_rules_that_leave_something_undefined_stop_the_start(folder: Path) -> None:
    (folder / "case" / "case.rego").write_text("package handout.case\n")
    with pytest.raises(ReleaseError):
        EmbeddedPolicy(load_release(folder))


def test_every_reason_has_a_text_and_a_way_out_in_both_languages(release: Release) -> None:
    for reason in release.catalogue.reasons.values():
        said = (reason.text_nl, reason.text_en, reason.way_out_nl, reason.way_out_en)
        assert all(text and text.endswith((".", "?")) for text in said), reason.code
        assert reason.text_nl != reason.text_en, reason.code


def test_the_parameters_are_those_of_the_hand_out(release: Release) -> None:
    parameters = release.catalogue.parameters
    assert (parameters.melding_due_hours, parameters.max_subjects_per_case, parameters.max_repeats) == (
        24,
        12,
        2,
    )
    assert (parameters.notice_days, parameters.deferral_max_days, parameters.answer_fresh_days) == (
        28,
        14,
        14,
    )
    assert (parameters.human_deadline_working_days, parameters.fast_deadline_hours) == (3, 2)
