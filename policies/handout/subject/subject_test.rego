# METADATA
# scope: package
# title: Each fact of the subject has its own reason, and an absent one has it too
package handout.subject_test

changed := {
	"a third person": [{"role": "third_person"}, {"third_person"}],
	"an unknown age": [{"age_band": "unknown"}, {"age_unknown"}],
	"consent not recorded": [{"consent": "not_recorded"}, {"consent_status_missing"}],
	"consent refused": [{"consent": "refused"}, set()],
	"consent given": [{"consent": "given"}, set()],
	"another role before": [{"re_roled": true}, set()],
}

test_each_change_gives_exactly_its_reasons if {
	every expected in changed {
		data.handout_test.reasons_of({"subject": expected[0]}) == expected[1]
	}
}

absent := {
	"role": {"subject_role_not_allowed"},
	"age_band": {"age_unknown"},
	"consent": {"consent_status_missing"},
	"dual_role": {"subject_role_not_allowed"},
	"re_roled": {"subject_role_not_allowed"},
}

test_each_absent_fact_gives_exactly_its_reason if {
	every name, expected in absent {
		data.handout_test.reasons_without(sprintf("subject/%s", [name])) == expected
	}
}

test_consent_never_changes_the_decision if {
	every consent in {"given", "refused", "not_asked_unsafe", "not_asked_impossible"} {
		data.handout_test.decided({"subject": {"consent": consent}}) == data.handout_test.decided({})
	}
}
