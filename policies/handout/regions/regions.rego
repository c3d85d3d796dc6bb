# METADATA
# scope: package
# title: What an arrondissement or region agreed to narrow
# description: |
#   Three layers: national, arrondissement, region. A lower one drops, lowers to a person, takes an answer code away or
#   adds a condition; it has no words to permit anything (hand-out section 10).
package handout.regions

# METADATA
# title: What was agreed for this region, its arrondissement's first
agreed := array.concat(above.narrowings, region.narrowings) if {
	region := data.handout.regions.regions[input.case.region]
	above := data.handout.regions.arrondissements[region.arrondissement]
}

_here := [narrowing |
	some narrowing in agreed
	narrowing.rule == data.handout.matrix.rule_id
	_speaks_of(narrowing.purposes, input.purpose)
	_speaks_of(narrowing.subjects, input.subject.role)
	_speaks_of(narrowing.ages, input.subject.age_band)
]

# An empty list speaks of all.
_speaks_of(listed, _) if listed == []

_speaks_of(listed, value) if value in listed

# METADATA
# title: Reasons that lie in the region
reasons contains "narrowed_by_region" if {
	some narrowing in _here
	narrowing.to == "refuse"
}

reasons contains "outside_region" if not agreed

# METADATA
# title: Answer codes that are not given here
without := {code |
	some narrowing in _here
	some code in narrowing.answer_codes
}

default by_hand := false

# METADATA
# title: Whether a person must release here
by_hand if {
	some narrowing in _here
	narrowing.to == "human"
}

# METADATA
# title: What is demanded here beyond the row
conditions contains code if {
	some narrowing in _here
	some code in narrowing.conditions
}
