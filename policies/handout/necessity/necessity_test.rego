# METADATA
# scope: package
# title: Necessity, subsidiarity, weighty interest
package handout.necessity_test

changed := {
	"not motivated": [{"motivated": false}, {"necessity_missing"}],
	"nothing less considered": [{"subsidiarity": false}, {"subsidiarity_missing"}],
}

test_each_change_gives_exactly_its_reasons if {
	every expected in changed {
		data.handout_test.reasons_of({"necessity": expected[0]}) == expected[1]
	}
}

absent := {
	"motivated": {"necessity_missing"},
	"subsidiarity": {"subsidiarity_missing"},
	"weighty_and_urgent": {"weighty_interest_missing"},
}

test_each_absent_fact_gives_exactly_its_reason if {
	every name, expected in absent {
		data.handout_test.reasons_without(sprintf("necessity/%s", [name])) == expected
	}
}

test_a_weighty_interest_is_needed_where_the_row_says_so if {
	data.handout_test.reasons_of(data.handout_test.asks_om) == set()
	light := object.union(data.handout_test.asks_om, {"necessity": {"weighty_and_urgent": false}})
	data.handout_test.reasons_of(light) == {"weighty_interest_missing"}
}
