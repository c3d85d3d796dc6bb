# METADATA
# description: What may be asked of this server; everything else is refused, writing policies and data above all.
package system.authz

default allow := false

allow if {
	input.method == "GET"
	input.path == ["health"]
}

allow if {
	input.method == "POST"
	input.path == ["v1", "data", "handout", "batch"]
}
