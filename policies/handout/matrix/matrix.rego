# METADATA
# scope: package
# title: Which row of the hand-out applies, and what it gives
# description: |
#   Rows and cells are data: cells[requester][question] names the rows. A row with mode refuse beats every other; at
#   most one other row of a cell speaks of one subject role (checked when a release is loaded).
package handout.matrix

# One step at a time: a path with two variables costs the embedded engine four times as much.
_candidates := [rule |
	data.handout.catalogue.questions[input.question].holder == input.holder
	cells := data.handout.matrix.cells[input.requester.partner]
	rules := data.handout.matrix.rules
	some id in cells[input.question]
	rule := rules[id]
]

_refusing := [rule |
	some rule in _candidates
	rule.mode == "refuse"
	about := rule.subjects[input.subject.role]
	input.subject.age_band in about.ages
	not _lifted(about)
]

# Hand-out D09, C17: a victim who is also suspected perpetrator may be asked about, by hand.
_lifted(about) if {
	about.unless_dual_role
	input.subject.dual_role == true
}

_permitting := [rule |
	some rule in _candidates
	rule.mode != "refuse"
]

_for_role := [rule |
	some rule in _permitting
	_speaks_of(rule.subjects[input.subject.role])
]

_speaks_of(about) if about.dual_role == false

# Hand-out C17.
_speaks_of(about) if {
	about.dual_role == true
	input.subject.dual_role == true
}

# The row that decided, or the only one that could have.
_rule := _refusing[0] if {
	_refusing != []
} else := _for_role[0] if {
	_for_role != []
} else := _permitting[0] if {
	count(_permitting) == 1
}

default rule_id := null

# METADATA
# title: The row that decided, or the only one that could have
rule_id := _rule.id

default rule_status := "concept"

# METADATA
# title: Whether a lawyer has reviewed that row
rule_status := _rule.status

# METADATA
# title: What the row demands beyond what every row demands
conditions := {code | some code in _rule.conditions} | data.handout.regions.conditions

# METADATA
# title: Reasons that lie in the matrix
reasons contains "no_rule" if _candidates == []

reasons contains rule.reason if some rule in _refusing

reasons contains "subject_role_not_allowed" if {
	_candidates != []
	_for_role == []
	_refusing == []
	not input.subject.role == "third_person" # handout.subject names that
}

# Also beside a row that refuses: where no row asks about this role, another age would not help.
reasons contains "subject_role_not_allowed" if {
	_permitting != []
	not _spoken_of
	not input.subject.role == "third_person"
}

_spoken_of if {
	some rule in _permitting
	rule.subjects[input.subject.role]
}

reasons contains "age_not_allowed" if {
	about := _for_role[0].subjects[input.subject.role]
	_refusing == []
	age := input.subject.age_band
	age != "unknown" # handout.subject names that, and an absent one
	not age in about.ages
}

reasons contains "purpose_not_allowed" if not _purpose_known

reasons contains "purpose_not_allowed" if {
	purposes := _rule.purposes
	purpose := input.purpose
	not purpose in purposes
}

# Whether the row that decides is within its dates is worked out outside: rules see no time.
reasons contains "rule_not_in_force" if not input.rule.in_force == true

_purpose_known if data.handout.catalogue.purposes[input.purpose]

# METADATA
# title: What is given when there is no reason not to
permit := {
	"effect": "permit",
	"rule": rule.id,
	"mode": mode,
	"answer_codes": [code | some code in possible; not code in data.handout.regions.without],
	"desk": rule.desk,
	"deadline": object.get(urgency, "deadline", rule.deadline),
	"reasons": [],
	"legal_bases": bases[input.requester.partner],
	"obligations": {code |
		some codes in [
			data.handout.matrix.every_permit,
			rule.obligations,
			about.obligations,
			data.handout.matrix.by_mode[mode],
			urgency.obligations,
		]
		some code in codes
	},
	"transparency": data.handout.matrix.receivers[input.requester.partner],
	"retention": rule.retention,
	"status": rule.status,
	"revision": data.handout.release.revision,
} if {
	rule := _for_role[0]
	bases := rule.legal_bases
	about := rule.subjects[input.subject.role]
	possible := object.get(about, "answer_codes", rule.answer_codes)
	urgency := data.handout.matrix.by_urgency[input.case.urgency]
}

default mode := "human"

# METADATA
# title: The row's mode, lowered to human where the hand-out asks for a person
mode := "automatic" if {
	rule := _for_role[0]
	rule.mode == "automatic"
	purpose := input.purpose
	not purpose in object.get(rule, "by_hand_for", [])
	input.subject.re_roled == false # D07
	rule.subjects[input.subject.role].dual_role == false # D09
	regime := input.case.regime
	not regime in data.handout.matrix.no_automatic_regimes # D18
	data.handout.regions.by_hand == false
}
