# METADATA
# scope: package
# title: Once per subject, question and purpose
package handout.repetition_test

changed := {
	"asked before": [{"asked_before": true}, {"asked_before"}],
	"asked before, with a new reason": [{"asked_before": true, "new_reason": true}, set()],
	"a new reason for a first question": [{"new_reason": true}, set()],
	"too much": [{"over_budget": true}, {"over_budget"}],
	"too much, with a new reason": [{"over_budget": true, "new_reason": true}, {"over_budget"}],
}

test_each_change_gives_exactly_its_reasons if {
	every expected in changed {
		data.handout_test.reasons_of({"repetition": expected[0]}) == expected[1]
	}
}

absent := {
	"asked_before": {"asked_before"},
	"new_reason": {"asked_before"},
	"over_budget": {"over_budget"},
}

test_each_absent_fact_gives_exactly_its_reason if {
	every name, expected in absent {
		data.handout_test.reasons_without(sprintf("repetition/%s", [name])) == expected
	}
}
