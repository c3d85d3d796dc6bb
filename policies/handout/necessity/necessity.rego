# METADATA
# scope: package
# title: Why this question, and why not less
package handout.necessity

# METADATA
# title: Reasons that lie in the necessity
# description: AVG 5, Wpg 3; a weighty interest by Aanwijzing Wjsg III. Hand-out C3, C21.
reasons contains "necessity_missing" if not input.necessity.motivated == true

reasons contains "subsidiarity_missing" if not input.necessity.subsidiarity == true

reasons contains "weighty_interest_missing" if {
	not input.necessity.weighty_and_urgent == true
	not input.necessity.weighty_and_urgent == false
}

reasons contains "weighty_interest_missing" if {
	input.necessity.weighty_and_urgent == false
	"weighty_interest" in data.handout.matrix.conditions
}
