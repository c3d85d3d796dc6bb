# METADATA
# scope: package
# title: A region narrows, and nothing else
package handout.regions_test

import data.handout_test.decided
import data.handout_test.reasons_of
import data.handout_test.reasons_without

narrowing := {
	"rule": "A02",
	"purposes": [],
	"subjects": [],
	"ages": [],
	"to": null,
	"answer_codes": [],
	"conditions": [],
}

agreed(patch) := [object.union(narrowing, patch)]

test_a_row_that_is_dropped_is_refused if {
	reasons_of({}) == {"narrowed_by_region"} with data.handout.regions.regions.utrecht.narrowings as agreed({"to": "refuse"})
}

test_an_arrondissement_narrows_its_regions if {
	reasons_of({}) == {"narrowed_by_region"} with data.handout.regions.arrondissements.midden_nederland.narrowings as agreed({"to": "refuse"})
}

test_another_region_is_untouched if {
	decided({}).effect == "permit" with data.handout.regions.regions.twente.narrowings as agreed({"to": "refuse"})
}

test_another_row_is_untouched if {
	decided({}).effect == "permit" with data.handout.regions.regions.utrecht.narrowings as agreed({"rule": "A06", "to": "refuse"})
}

test_only_what_it_speaks_of_is_narrowed if {
	some other in [{"purposes": ["immediate_safety"]}, {"subjects": ["victim"]}, {"ages": ["under_12"]}]
	patch := object.union({"to": "refuse"}, other)
	decided({}).effect == "permit" with data.handout.regions.regions.utrecht.narrowings as agreed(patch)
}

test_a_person_releases if {
	answer := decided({}) with data.handout.regions.regions.utrecht.narrowings as agreed({"to": "human"})
	answer.mode == "human"
	"release_by_official" in answer.obligations
}

test_an_answer_code_is_not_given if {
	answer := decided({}) with data.handout.regions.regions.utrecht.narrowings as agreed({"answer_codes": ["no"]})
	answer.answer_codes == ["yes", "not_determinable"]
}

test_a_condition_is_added if {
	reasons_of({}) == {"weighty_interest_missing"} with data.handout.regions.regions.utrecht.narrowings as agreed({"conditions": ["weighty_interest"]})
}

test_without_a_region_nothing_is_permitted if reasons_without("case/region") == {"outside_region"}

test_what_it_speaks_of_is_narrowed if {
	patch := {"to": "refuse", "purposes": ["enrich_referral"], "ages": ["adult"]}
	reasons_of({}) == {"narrowed_by_region"} with data.handout.regions.regions.utrecht.narrowings as agreed(patch)
}
