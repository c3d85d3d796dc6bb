# METADATA
# scope: package
# title: The facts of the subject that no row changes
package handout.subject

# METADATA
# title: Reasons that lie in the subject
# description: Consent is recorded, never a basis (Wmo 5.2.6). Hand-out C4, C6, C7, C17.
reasons contains "third_person" if input.subject.role == "third_person"

reasons contains "age_unknown" if {
	not input.subject.age_band == "under_12"
	not input.subject.age_band == "from_12_to_15"
	not input.subject.age_band == "from_16_to_17"
	not input.subject.age_band == "adult"
}

reasons contains "consent_status_missing" if {
	not input.subject.consent == "given"
	not input.subject.consent == "refused"
	not input.subject.consent == "not_asked_unsafe"
	not input.subject.consent == "not_asked_impossible"
}

reasons contains "subject_role_not_allowed" if {
	not input.subject.dual_role == true
	not input.subject.dual_role == false
}

reasons contains "subject_role_not_allowed" if {
	not input.subject.re_roled == true
	not input.subject.re_roled == false
}
