# METADATA
# scope: package
# title: Who may ask
package handout.requester_test

changed := {
	"no mandate": [{"mandated": false}, {"requester_not_mandated"}],
	"not assigned": [{"assigned": false}, {"requester_not_assigned"}],
	"a confidential doctor": [{"role": "confidential_doctor"}, {"requester_role_not_allowed"}],
	"a minute taker": [{"role": "minute_taker"}, {"requester_role_not_allowed"}],
	"a participant for Veilig Thuis": [{"role": "participant"}, {"requester_role_not_allowed"}],
}

test_each_change_gives_exactly_its_reasons if {
	every expected in changed {
		data.handout_test.reasons_of({"requester": expected[0]}) == expected[1]
	}
}

absent := {
	"partner": {"no_rule", "requester_role_not_allowed"},
	"role": {"requester_role_not_allowed"},
	"mandated": {"requester_not_mandated"},
	"assigned": {"requester_not_assigned"},
}

test_each_absent_fact_gives_exactly_its_reasons if {
	every name, expected in absent {
		data.handout_test.reasons_without(sprintf("requester/%s", [name])) == expected
	}
}

test_a_chair_asks_for_veilig_thuis_only if {
	patch := object.union(data.handout_test.om_asks, {"requester": {"role": "chair"}})
	data.handout_test.reasons_of(patch) == {"requester_role_not_allowed"}
}
