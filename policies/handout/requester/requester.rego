# METADATA
# scope: package
# title: The facts of the person who asks
package handout.requester

# METADATA
# title: Reasons that lie in the requester
# description: Wpg 6, WGS 1.8(2); hand-out C15. Whether an urgent role may act is judged by urgency, in handout.case.
reasons contains "requester_role_not_allowed" if not _role_may_ask

reasons contains "requester_not_mandated" if not input.requester.mandated == true

reasons contains "requester_not_assigned" if not input.requester.assigned == true

_role_may_ask if input.requester.role in data.handout.matrix.asking_roles[input.requester.partner]

_role_may_ask if input.requester.role in data.handout.matrix.urgent_asking_roles
