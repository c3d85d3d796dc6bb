# METADATA
# scope: package
# title: Each fact of the case has its own reason, and an absent one has it too
package handout.case_test

changed := {
	"an anonymous case": [{"kind": "anonymous"}, {"case_anonymous"}],
	"no melding": [{"melding": "none"}, {"melding_missing"}],
	"a melding that is due, without danger": [{"melding": "due"}, {"melding_missing"}],
	"a melding that is due, with danger": [
		{"melding": "due", "urgency": "acute_danger"},
		{"veilig_thuis_closed"},
	],
	"a melding that came too late": [{"melding": "overdue"}, {"melding_overdue"}],
	"a question without factors": [{"criteria": "relevance_only"}, {"criterion_factors_missing"}],
	"factors without a question": [{"criteria": "factors_only"}, {"criterion_relevance_missing"}],
	"neither": [{"criteria": "none"}, {"criterion_relevance_missing", "criterion_factors_missing"}],
	"no unsafety": [{"unsafety": "none"}, {"unsafety_not_flagged"}],
	"structural unsafety": [{"unsafety": "structural"}, set()],
	"a closed case": [{"stage": "closed"}, {"case_closed"}],
	"another stage": [{"stage": "meeting"}, {"purpose_not_in_stage"}],
	"another region": [{"own_region": false}, {"outside_region"}],
	"a Zorg- en Veiligheidshuis": [{"regime": "zvh"}, {"zvh_acceptance_missing"}],
	"an accepted case there": [{"regime": "zvh", "accepted": true}, set()],
}

test_each_change_gives_exactly_its_reasons if {
	every expected in changed {
		data.handout_test.reasons_of({"case": expected[0]}) == expected[1]
	}
}

absent := {
	"kind": {"case_anonymous"},
	"melding": {"melding_missing"},
	"criteria": {"criterion_relevance_missing", "criterion_factors_missing"},
	"unsafety": {"unsafety_not_flagged"},
	"stage": {"purpose_not_in_stage"},
	"urgency": {"urgency_not_declared"},
	"own_region": {"outside_region"},
	"regime": {"zvh_acceptance_missing"},
	"accepted": {"zvh_acceptance_missing"},
}

test_each_absent_fact_gives_exactly_its_reason if {
	every name, expected in absent {
		data.handout_test.reasons_without(sprintf("case/%s", [name])) == expected
	}
}

test_a_purpose_for_emergencies_needs_an_emergency if {
	data.handout_test.reasons_of({"purpose": "immediate_safety"}) == {"urgency_not_declared"}
}

test_a_duty_officer_needs_an_emergency if {
	data.handout_test.reasons_of({"requester": {"role": "duty_officer"}}) == {"urgency_not_declared"}
}

test_a_duty_officer_may_ask_in_an_emergency if {
	patch := {"requester": {"role": "duty_officer"}, "case": {"urgency": "acute_danger"}}
	data.handout_test.reasons_of(patch) == set()
}

test_partners_other_than_veilig_thuis_may_go_on_while_the_melding_is_due if {
	patch := object.union(data.handout_test.om_asks, {"case": {"melding": "due"}})
	data.handout_test.reasons_of(patch) == set()
}

test_they_may_not_when_it_is_overdue if {
	patch := object.union(data.handout_test.om_asks, {"case": {"melding": "overdue"}})
	data.handout_test.reasons_of(patch) == {"melding_overdue"}
}

test_veilig_thuis_stays_closed_as_holder_while_the_melding_is_due if {
	patch := {
		"requester": {"partner": "om", "role": "participant"},
		"holder": "veilig_thuis",
		"question": "veilig_thuis.earlier_report",
		"case": {"melding": "due", "urgency": "acute_danger"},
	}
	data.handout_test.reasons_of(patch) == {"veilig_thuis_closed"}
}

test_unsafety_counts_only_in_rows_that_name_it if {
	patch := object.union(data.handout_test.asks_om, {"case": {"unsafety": "none"}})
	data.handout_test.reasons_of(patch) == set()
}
