# METADATA
# scope: package
# title: The decision as a whole, and the good case that other tests change
package handout_test

permitted := {
	"requester": {"partner": "veilig_thuis", "role": "chair", "mandated": true, "assigned": true},
	"holder": "reclassering",
	"question": "reclassering.under_supervision",
	"purpose": "enrich_referral",
	"rule": {"in_force": true},
	"case": {
		"kind": "named",
		"stage": "enrichment",
		"melding": "registered",
		"criteria": "both",
		"unsafety": "acute",
		"urgency": "normal",
		"regime": "bilateral",
		"region": "utrecht",
		"own_region": true,
		"accepted": false,
	},
	"subject": {
		"role": "suspected_perpetrator",
		"age_band": "adult",
		"consent": "not_asked_unsafe",
		"dual_role": false,
		"re_roled": false,
	},
	"necessity": {"motivated": true, "subsidiarity": true, "weighty_and_urgent": false},
	"repetition": {"asked_before": false, "new_reason": false, "over_budget": false},
}

asks_om := {"holder": "om", "question": "om.ongoing_prosecution", "necessity": {"weighty_and_urgent": true}}

om_asks := {
	"requester": {"partner": "om", "role": "participant"},
	"purpose": "immediate_safety",
	"case": {"urgency": "acute_danger"},
}

decided(patch) := answer if {
	asked := object.union(permitted, patch)
	answer := data.handout.decision with input as asked
}

reasons_of(patch) := {reason.code | some reason in decided(patch).reasons}

reasons_without(path) := {reason.code | some reason in answer.reasons} if {
	asked := json.remove(permitted, [path])
	answer := data.handout.decision with input as asked
}

test_the_good_case_is_permitted_with_everything_that_belongs_to_it if {
	decided({}) == {
		"effect": "permit",
		"rule": "A02",
		"mode": "automatic",
		"answer_codes": ["yes", "no", "not_determinable"],
		"desk": true,
		"deadline": "human_deadline",
		"reasons": [],
		"legal_bases": ["in_vt_criminal", "out_reclassering"],
		"obligations": {
			"match_statutory_set",
			"exclude_shielded",
			"not_determinable_if_deceased",
			"remind_of_secrecy",
			"no_onward_use",
			"inform_subject",
		},
		"transparency": ["vt_informs", "holder_records"],
		"retention": ["no_answer_at_broker", "audit_record", "receivers_own_file"],
		"status": "concept",
		"revision": "unreleased",
	}
}

test_a_refusal_gives_nothing_and_says_why if {
	decided({"case": {"melding": "none"}}) == {
		"effect": "refusal",
		"rule": "A02",
		"mode": null,
		"answer_codes": [],
		"desk": false,
		"deadline": null,
		"reasons": [{"code": "melding_missing", "citations": ["Wmo 5.1.6(2)", "Bron: Actieoverleg"]}],
		"legal_bases": [],
		"obligations": [],
		"transparency": ["nothing_disclosed"],
		"retention": ["audit_record"],
		"status": "concept",
		"revision": "unreleased",
	}
}

test_a_refusal_names_all_reasons if {
	reasons_of({"case": {"kind": "anonymous", "melding": "none"}, "requester": {"mandated": false}}) == {
		"case_anonymous",
		"melding_missing",
		"requester_not_mandated",
	}
}

test_an_empty_input_is_refused if {
	answer := data.handout.decision with input as {}
	answer.effect == "refusal"
	count(answer.reasons) > 15
}

test_no_input_at_all_is_refused if {
	data.handout.decision.effect == "refusal"
}

test_a_batch_answers_each_item_in_order if {
	items := [permitted, {}, permitted]
	answers := data.handout.batch with input as {"items": items}
	[answer.effect | some answer in answers] == ["permit", "refusal", "permit"]
}

test_each_absent_fact_is_refused if {
	some_group := {"requester", "case", "subject", "necessity", "repetition"}
	paths := {sprintf("%s/%s", [group, name]) | some group in some_group; some name, _ in permitted[group]}
	every path in (paths | some_group) | {"holder", "question", "purpose"} {
		reasons_without(path) != set()
	}
}
