# METADATA
# scope: package
# title: The decision on one question
# description: |
#   A permit is the absence of reasons. An absent or malformed fact is itself a reason, hence a refusal. Each noun
#   names its own reasons; what a row demands is data (data.handout.matrix.rules).
package handout

# METADATA
# title: The one document that is read outside; always defined
# description: A refusal without reasons means that something was undefined. The reader outside takes it for an outage.
# entrypoint: true
decision := _granted if {
	_granted != null
} else := {
	"effect": "refusal",
	"rule": data.handout.matrix.rule_id,
	"mode": null,
	"answer_codes": [],
	"desk": false,
	"deadline": null,
	"reasons": [{"code": code, "citations": data.handout.catalogue.reasons[code].citations} |
		some code in reason_codes
	],
	"legal_bases": [],
	"obligations": [],
	"transparency": data.handout.matrix.refused.transparency,
	"retention": data.handout.matrix.refused.retention,
	"status": data.handout.matrix.rule_status,
	"revision": data.handout.release.revision,
}

# The row's permit where nothing is against it. A refusal does not read the permit: so the decision has as many
# different grounds as there are refusals and permits, not as there are pairs of these.
default _granted := null

_granted := data.handout.matrix.permit if _unopposed

default _unopposed := false

_unopposed if count(reason_codes) == 0

# METADATA
# title: The decisions on all questions of one call, in order
batch := [answer |
	some item in input.items
	answer := data.handout.decision with input as item
]

# METADATA
# title: The codes of all reasons that apply
reason_codes := union({
	data.handout.case.reasons,
	data.handout.matrix.reasons,
	data.handout.subject.reasons,
	data.handout.requester.reasons,
	data.handout.necessity.reasons,
	data.handout.repetition.reasons,
	data.handout.regions.reasons,
})
