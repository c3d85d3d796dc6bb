"""The facts that the program hands to a decision, and their values: the part of the vocabulary that is code.

A release that lacked one would be asked about a fact that it does not know, and one with another value has
rules about what never happens. What a release itself says (partners, questions, regions) is not in here.
"""

from collections.abc import Mapping

_YES_OR_NO = (True, False)
VALUES: Mapping[str, tuple[str | bool, ...]] = {
    "requester.role": (
        "chair",
        "participant",
        "duty_officer",
        "case_holder",
        "confidential_doctor",
        "minute_taker",
        "executor",
    ),
    "requester.mandated": _YES_OR_NO,
    "requester.assigned": _YES_OR_NO,
    "purpose": (
        "enrich_referral",
        "decide_attendance",
        "interpret",
        "immediate_safety",
        "carry_out_and_monitor",
    ),
    "rule.in_force": _YES_OR_NO,
    "case.kind": ("named", "anonymous"),
    "case.stage": ("referral", "enrichment", "meeting", "follow_up", "closed"),
    "case.melding": ("registered", "due", "overdue", "none"),
    "case.criteria": ("both", "relevance_only", "factors_only", "none"),
    "case.unsafety": ("acute", "structural", "none"),
    "case.urgency": ("normal", "acute_danger"),
    "case.regime": ("bilateral", "zvh"),
    "case.own_region": _YES_OR_NO,
    "case.accepted": _YES_OR_NO,
    "subject.role": (
        "suspected_perpetrator",
        "victim",
        "child",
        "parent",
        "household_member",
        "third_person",
    ),
    "subject.age_band": ("under_12", "from_12_to_15", "from_16_to_17", "adult", "unknown"),
    "subject.consent": ("given", "refused", "not_asked_unsafe", "not_asked_impossible", "not_recorded"),
    "subject.dual_role": _YES_OR_NO,
    "subject.re_roled": _YES_OR_NO,
    "necessity.motivated": _YES_OR_NO,
    "necessity.subsidiarity": _YES_OR_NO,
    "necessity.weighty_and_urgent": _YES_OR_NO,
    "repetition.asked_before": _YES_OR_NO,
    "repetition.new_reason": _YES_OR_NO,
    "repetition.over_budget": _YES_OR_NO,
}
