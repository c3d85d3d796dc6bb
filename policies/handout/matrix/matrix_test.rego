# METADATA
# scope: package
# title: Which row applies
package handout.matrix_test

decided(patch) := data.handout_test.decided(patch)

reasons_of(patch) := data.handout_test.reasons_of(patch)

asks_rvdk := {"holder": "rvdk", "question": "rvdk.known", "subject": {"role": "child", "age_band": "under_12"}}

test_a_question_without_a_row_is_refused if {
	patch := object.union(asks_rvdk, {
		"requester": {"partner": "reclassering", "role": "participant"},
		"question": "rvdk.measure_advised",
	})
	reasons_of(patch) == {"no_rule"}
	decided(patch).rule == null
}

test_a_row_outside_its_dates_is_refused_and_named if {
	patch := {"rule": {"in_force": false}}
	reasons_of(patch) == {"rule_not_in_force"}
	decided(patch).rule == "A02"
	data.handout_test.reasons_without("rule") == {"rule_not_in_force"}
	data.handout_test.reasons_without("rule/in_force") == {"rule_not_in_force"}
}

test_a_purpose_for_which_a_person_answers_is_by_hand if {
	by_hand := ["decide_attendance"]
	decided({"purpose": "decide_attendance"}).mode == "human" with data.handout.matrix.rules.A02.by_hand_for as by_hand
	decided({}).mode == "automatic" with data.handout.matrix.rules.A02.by_hand_for as by_hand
}

test_a_row_that_refuses_goes_on_refusing_outside_its_dates if {
	patch := {"subject": {"role": "victim"}, "rule": {"in_force": false}}
	reasons_of(patch) == {"reclassering_not_about_victims", "rule_not_in_force"}
}

test_a_holder_that_is_not_the_questions_holder_is_refused if {
	reasons_of({"holder": "om"}) == {"no_rule"}
}

test_absent_holder_question_and_purpose_are_refused if {
	data.handout_test.reasons_without("holder") == {"no_rule"}
	data.handout_test.reasons_without("question") == {"no_rule"}
	data.handout_test.reasons_without("purpose") == {"purpose_not_allowed", "purpose_not_in_stage"}
}

test_a_purpose_outside_the_row_is_refused if {
	reasons_of({"purpose": "interpret"}) == {"purpose_not_allowed"}
}

test_a_role_outside_the_row_is_refused_and_the_only_row_named if {
	reasons_of({"subject": {"role": "parent"}}) == {"subject_role_not_allowed"}
	decided({"subject": {"role": "parent"}}).rule == "A02"
}

test_an_age_outside_the_row_is_refused if {
	reasons_of(object.union(asks_rvdk, {"subject": {"age_band": "adult"}})) == {"age_not_allowed"}
}

test_reclassering_is_not_asked_about_victims if {
	patch := {"subject": {"role": "victim"}}
	reasons_of(patch) == {"reclassering_not_about_victims"}
	decided(patch).rule == "A04"
}

test_reclassering_is_not_asked_about_minors if {
	patch := {"subject": {"age_band": "from_16_to_17"}}
	reasons_of(patch) == {"reclassering_not_about_minors"}
	decided(patch).rule == "A05"
}

test_a_parent_is_never_asked_about_at_reclassering_by_veilig_thuis_whatever_the_age if {
	reasons_of({"subject": {"role": "parent", "age_band": "from_16_to_17"}}) == {
		"subject_role_not_allowed",
		"reclassering_not_about_minors",
	}
}

test_a_minor_victim_gives_both_reasons if {
	reasons_of({"subject": {"role": "victim", "age_band": "under_12"}}) == {
		"reclassering_not_about_victims",
		"reclassering_not_about_minors",
	}
}

test_a_dual_role_opens_the_row_by_hand if {
	answer := decided({"subject": {"role": "victim", "dual_role": true}})
	answer.effect == "permit"
	answer.rule == "A02"
	answer.mode == "human"
	"release_by_official" in answer.obligations
}

test_a_dual_role_does_not_open_it_for_minors if {
	patch := {"subject": {"role": "victim", "dual_role": true, "age_band": "from_16_to_17"}}
	reasons_of(patch) == {"reclassering_not_about_minors"}
}

test_a_victim_without_dual_role_is_outside_a_row_of_om if {
	reasons_of(object.union(data.handout_test.asks_om, {"subject": {"role": "victim"}})) == {"subject_role_not_allowed"}
}

test_a_person_is_needed_after_another_role_and_in_a_zorg_en_veiligheidshuis if {
	decided({"subject": {"re_roled": true}}).mode == "human"
	decided({"case": {"regime": "zvh", "accepted": true}}).mode == "human"
}

test_a_young_suspect_narrows_the_answer_and_asks_the_prosecutor if {
	patch := {
		"holder": "rvdk",
		"question": "rvdk.investigation_type",
		"purpose": "decide_attendance",
		"subject": {"age_band": "from_12_to_15"},
	}
	answer := decided(patch)
	answer.answer_codes == ["criminal", "none", "not_determinable"]
	"prosecutor_agrees" in answer.obligations
}

test_urgent_use_is_fast_and_reviewed if {
	answer := decided({"case": {"urgency": "acute_danger"}})
	answer.deadline == "fast_deadline"
	"review_urgent_use" in answer.obligations
}
