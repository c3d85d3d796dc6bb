# METADATA
# scope: package
# title: The facts of the case
# description: |
#   Melding, criteria, stage, urgency, region and regime: a reason for each that does not hold. A fact is compared
#   with == under `not`, never with `in`: OPA takes an absent operand out of the `not`, and the reason would be lost.
package handout.case

# METADATA
# title: Reasons that lie in the case
# description: Wmo 5.1.6(2) for the melding, WGS 2.31 for stage and acceptance; hand-out C1, C2, C9, C13, C15, C18-C22.
reasons contains "case_anonymous" if not input.case.kind == "named"

reasons contains _melding_problem if {
	not input.case.melding == "registered"
	not _melding_may_follow_here
}

reasons contains "criterion_relevance_missing" if {
	not input.case.criteria == "both"
	not input.case.criteria == "relevance_only"
}

reasons contains "criterion_factors_missing" if {
	not input.case.criteria == "both"
	not input.case.criteria == "factors_only"
}

reasons contains "unsafety_not_flagged" if {
	not input.case.unsafety == "acute"
	not input.case.unsafety == "structural"
	not input.case.unsafety == "none"
}

reasons contains "unsafety_not_flagged" if {
	input.case.unsafety == "none"
	"unsafety_flagged" in data.handout.matrix.conditions
}

reasons contains "case_closed" if input.case.stage == "closed"

reasons contains "purpose_not_in_stage" if {
	not _purpose_fits
	not input.case.stage == "closed" # has a reason of its own
}

reasons contains "urgency_not_declared" if {
	not input.case.urgency == "normal"
	not input.case.urgency == "acute_danger"
}

reasons contains "urgency_not_declared" if {
	input.case.urgency == "normal"
	data.handout.catalogue.purposes[input.purpose].acute_danger
}

reasons contains "urgency_not_declared" if {
	input.case.urgency == "normal"
	input.requester.role in data.handout.matrix.urgent_asking_roles
}

reasons contains "outside_region" if not input.case.own_region == true

reasons contains "zvh_acceptance_missing" if {
	not input.case.regime == "bilateral"
	not input.case.regime == "zvh"
}

reasons contains "zvh_acceptance_missing" if {
	not input.case.accepted == true
	not input.case.accepted == false
}

reasons contains "zvh_acceptance_missing" if {
	input.case.regime == "zvh"
	input.case.accepted == false
}

_purpose_fits if input.case.stage in data.handout.catalogue.purposes[input.purpose].stages

_melding_may_follow if {
	input.case.melding == "due"
	input.case.urgency == "acute_danger"
}

# Hand-out D03: Veilig Thuis stays closed, as requester and as holder.
_melding_may_follow_here if {
	_melding_may_follow
	input.requester.partner != "veilig_thuis"
	input.holder != "veilig_thuis"
}

default _melding_problem := "melding_missing"

_melding_problem := "veilig_thuis_closed" if {
	_melding_may_follow
} else := "melding_overdue" if {
	input.case.melding == "overdue"
}
