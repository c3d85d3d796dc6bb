"""What the parts of a release say of each other: every code is known, nothing is forgotten."""

from collections.abc import Container, Iterable, Mapping
from typing import get_args

from policies.catalogue import facts
from policies.catalogue.catalogue import Catalogue
from policies.catalogue.partner import SHARED, Duty
from policies.catalogue.region import Narrowing
from policies.catalogue.rule import Rule, RuleMode
from policies.errors import ReleaseError


def verify_references(read: Catalogue) -> None:
    """Raises ReleaseError: the place and what is wrong."""
    words = read.vocabulary
    _verify_vocabulary(words)
    for field, known in (
        ("requester.partner", read.partners),
        ("holder", read.partners),
        ("question", read.questions),
        ("purpose", read.purposes),
        ("requester.role", read.requester_roles),
        ("subject.role", read.subject_roles),
        ("subject.age_band", read.age_bands),
    ):
        require(set(words.get(field, ())) == set(known), f"vocabulary.{field}", "differs from the catalogue")
    require(set(read.facts) == set(words), "catalogue.facts", "does not name each fact")
    _verify_partners(read)
    require(set(read.by_mode) == {"automatic", "human"}, "matrix.by_mode", "does not name both modes")
    require(set(read.modes) == set(_RULE_MODES), "catalogue.modes", "does not name each mode")
    _within(read.every_rule, read.conditions, "matrix.every_rule")
    _verify_duties(read)
    for condition in read.conditions:
        require(
            any(condition in reason.comes_from for reason in read.reasons.values()),
            f"catalogue.conditions.{condition}",
            "is the source of no reason",
        )
    for reason in read.reasons.values():
        ways_out = bool(reason.way_out_nl and reason.way_out_en)
        require(ways_out, f"catalogue.reasons.{reason.code}", "gives no way out")
        begins_at = reason.way_out is not None and (reason.way_out.operations or reason.way_out.calls)
        require(bool(begins_at), f"catalogue.reasons.{reason.code}", "does not say where its way out begins")
    for code, text in read.reasons.items():
        require(bool(text.citations), f"catalogue.reasons.{code}", "cites nothing")
    for basis in read.legal_bases.values():
        require(bool(basis.articles), f"catalogue.legal_bases.{basis.code}", "names no article")
        _within(basis.open_questions, read.open_questions, f"catalogue.legal_bases.{basis.code}")
    asked = {code for rule in read.rules.values() for _, code in rule.cells}
    for question in read.questions.values():
        begins = question.code.startswith(f"{question.holder}.")
        require(begins, f"catalogue.questions.{question.code}", "does not begin with its holder")
        _within([question.holder], read.partners, f"catalogue.questions.{question.code}")
        _within(question.answer_codes, read.answer_codes, f"catalogue.questions.{question.code}")
        require(
            question.code in asked,
            f"catalogue.questions.{question.code}",
            "stands in no cell: add it to matrix.cells of who may ask it, with a row that speaks of it",
        )
    for purpose in read.purposes.values():
        _within(purpose.stages, words["case.stage"], f"catalogue.purposes.{purpose.code}")
    for rule in read.rules.values():
        _verify_rule(rule, read)
    require(
        set(words["case.region"]) == set(read.regions), "vocabulary.case.region", "differs from the regions"
    )
    for region in read.regions.values():
        for narrowing in region.narrowings:
            _verify_narrowing(narrowing, read, f"regions.{region.code}")
    for partner, code in {cell for rule in read.rules.values() for cell in rule.cells}:
        _within([partner], read.partners, "matrix.cells")
        roles = [
            role for rule in read.candidates(partner, code) if rule.mode != "refuse" for role in rule.subjects
        ]
        # Else which row applies would depend on their order.
        require(
            len(roles) == len(set(roles)),
            f"matrix.cells.{partner}.{code}",
            "has two rows for one subject role",
        )


def _verify_vocabulary(words: Mapping[str, tuple[str | bool, ...]]) -> None:
    """It has the facts that the program hands in, and no other; each with the values that it can have."""
    known = {*facts.VALUES, *_SAID}
    lacking, more = sorted(known - words.keys()), sorted(words.keys() - known)
    require(not lacking, "vocabulary", f"lacks what a decision is asked with: {', '.join(lacking)}")
    require(not more, "vocabulary", f"has facts that nobody hands in: {', '.join(more)}")
    for field, values in facts.VALUES.items():
        same = set(words[field]) == set(values)
        require(same, f"vocabulary.{field}", "has other values than the program hands in")
    for field in _SAID:
        require(bool(words[field]), f"vocabulary.{field}", "is empty")


def _verify_duties(read: Catalogue) -> None:
    """Duties are known, and what can be automatic has none that only a person meets."""
    urgencies = set(read.by_urgency) == set(read.vocabulary.get("case.urgency", ()))
    require(urgencies, "matrix.by_urgency", "does not name each urgency")
    _within(read.by_mode["human"], read.obligations, "matrix.by_mode.human")
    for code, duty in read.obligations.items():
        worded = duty.stated_by != "official" or duty.by_person
        require(worded, f"catalogue.obligations.{code}", "is stated by an official, but not met by a person")
    # A permit may be automatic whatever its urgency.
    for duties, place in (
        (read.every_permit, "matrix.every_permit"),
        (read.by_mode.get("automatic", ()), "matrix.by_mode.automatic"),
        *((duties, f"matrix.by_urgency.{urgency}") for urgency, duties in read.by_urgency.items()),
    ):
        _within(duties, read.obligations, place)
        _without_a_person(duties, read, place)


def _verify_partners(read: Catalogue) -> None:
    """Whatever is said by partner is said of each; and each duty is somebody's."""
    for place, said in (
        ("catalogue.secrecy", read.secrecy),
        ("matrix.receivers", read.receivers),
        ("matrix.asking_roles", read.asking_roles),
    ):
        missing = sorted(read.partners.keys() - said.keys())
        require(not missing, place, f"does not name each partner: {', '.join(missing)} is missing")
        _within(said, read.partners, place)
    require(_BROKER not in read.partners, "catalogue.partners", f"names the {_BROKER}, which is no partner")
    for code, told_by in read.receivers.items():
        place = f"matrix.receivers.{code}"
        require(bool(told_by), place, "says of nobody that they inform")
        _within(told_by, read.transparency, place)
    for code, roles in read.asking_roles.items():
        place = f"matrix.asking_roles.{code}"
        _within(roles, read.requester_roles, place)
        asks = any(code == requester for rule in read.rules.values() for requester, _ in rule.cells)
        require(bool(roles) or not asks, place, "names no role, but its rows ask")
    _within(read.urgent_asking_roles, read.requester_roles, "matrix.urgent_asking_roles")
    for duty in get_args(Duty):
        count = sum(duty in partner.duties for partner in read.partners.values())
        fits, wanted = (count >= 1, "some") if duty in SHARED else (count == 1, "one")
        require(fits, "catalogue.partners", f"gives the duty {duty!r} to {count} partners, not to {wanted}")


def _verify_rule(rule: Rule, read: Catalogue) -> None:
    place = f"matrix.rules.{rule.code}"
    require(bool(rule.cells) or (rule.mode == "refuse" and not rule.subjects), place, "stands in no cell")
    require(bool(rule.subjects) or not rule.cells, place, "speaks of nobody")
    _within([rule.status], read.statuses, place)
    reviewed = rule.reviewed_by is not None and rule.reviewed_on is not None
    require(rule.status == "concept" or reviewed, place, "is not concept, but has no reviewer")
    ends = rule.valid_until is None or rule.valid_from <= rule.valid_until
    require(ends, f"{place}.valid_until", "is before valid_from")
    _within(rule.subjects, read.vocabulary["subject.role"], place)
    for about in rule.subjects.values():
        _within(about.ages, read.vocabulary["subject.age_band"], place)
        _within(about.obligations, read.obligations, place)
        _within(about.answer_codes, rule.answer_codes, place)
    if rule.mode == "refuse":
        _within([rule.reason or "no reason"], read.reasons, place)
        return
    require(bool(rule.purposes and rule.answer_codes), place, "lacks a purpose or answer codes")
    requesters = {partner for partner, _ in rule.cells}
    require(rule.legal_bases.keys() == requesters, place, "has not a basis for each of its requesters")
    for bases in rule.legal_bases.values():
        require(bool(bases), place, "lacks a basis")
        _within(bases, read.legal_bases, place)
    require(
        not any("unknown" in about.ages for about in rule.subjects.values()), place, "permits an unknown age"
    )
    require("third_person" not in rule.subjects, place, "speaks of a third person (C6, D07)")
    _within(rule.purposes, read.purposes, place)
    _within(rule.by_hand_for, rule.purposes, f"{place}.by_hand_for")
    some_by_machine = set(rule.by_hand_for) < set(rule.purposes) and rule.mode == "automatic"
    require(some_by_machine or not rule.by_hand_for, f"{place}.by_hand_for", "leaves nothing automatic")
    _within(rule.conditions, read.conditions.keys() - set(read.every_rule), place)
    _within(rule.obligations, read.obligations, place)
    if rule.mode == "automatic":
        for duties in (rule.obligations, *(about.obligations for about in rule.subjects.values())):
            _without_a_person(duties, read, place)
    _within(rule.retention, read.retention, place)
    for _, code in rule.cells:
        _within([code], read.questions, place)
        _within(rule.answer_codes, read.questions[code].answer_codes, place)


def _verify_narrowing(narrowing: Narrowing, read: Catalogue, place: str) -> None:
    """It speaks of a row that permits, and of what that row says; so it can only take something away."""
    rule = read.rules.get(narrowing.rule)
    if rule is None or rule.mode == "refuse":
        raise ReleaseError(f"{place} narrows a row that permits nothing.")
    _within(narrowing.purposes, rule.purposes, place)
    _within(narrowing.subjects, rule.subjects, place)
    _within(narrowing.ages, read.vocabulary["subject.age_band"], place)
    _within(narrowing.conditions, read.conditions.keys() - set(read.every_rule), place)
    _within(narrowing.answer_codes, rule.answer_codes, place)
    require(bool(narrowing.to or narrowing.answer_codes or narrowing.conditions), place, "narrows nothing")
    gone = {
        code
        for one in read.regions[place.partition(".")[2]].narrowings
        if one.rule == rule.code
        for code in one.answer_codes
    }
    for about in rule.subjects.values():
        require(not gone >= set(about.answer_codes), place, "leaves no answer: refuse the row instead")


def _without_a_person(duties: Iterable[str], read: Catalogue, place: str) -> None:
    """What only a person can do cannot be asked of what is answered by machine."""
    human = [code for code in duties if read.obligations[code].by_person]
    require(not human, place, f"can be automatic, but only a person meets {', '.join(human)}")


def require(holds: bool, place: str, problem: str) -> None:
    """Raises ReleaseError, with the place and what is wrong there."""
    if not holds:
        raise ReleaseError(f"{place} {problem}.")


def _within(codes: Iterable[object], known: Container[object], place: str) -> None:
    unknown = [str(code) for code in codes if code not in known]
    require(not unknown, place, f"has unknown codes: {', '.join(unknown)}")


_RULE_MODES = get_args(RuleMode)
_SAID = ("requester.partner", "holder", "question", "case.region")
"""Facts whose values the release itself says."""
_BROKER = "broker"
