# METADATA
# scope: package
# title: No fishing
package handout.repetition

# METADATA
# title: Reasons that lie in what was asked before
# description: Wpg 3; hand-out C20.
reasons contains "asked_before" if {
	not input.repetition.asked_before == true
	not input.repetition.asked_before == false
}

reasons contains "asked_before" if {
	not input.repetition.new_reason == true
	not input.repetition.new_reason == false
}

reasons contains "asked_before" if {
	input.repetition.asked_before == true
	input.repetition.new_reason == false
}

reasons contains "over_budget" if not input.repetition.over_budget == false
