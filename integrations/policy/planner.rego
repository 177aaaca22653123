# Rules over the plan's JSON, for conftest or opa: what `planner plan --out plan.json` wrote.
#
#   conftest test --policy integrations/policy plan.json
#   opa eval --data integrations/policy --input plan.json 'data.main.deny'
package main

import rego.v1

regions := {"us-east-1", "eu-central-1", "eastus"}

labels := {"team", "env"}

budget_usd := 20000

growth := 0.25

deny contains message if {
	input.summary.monthly_usd_after > budget_usd
	message := sprintf("all endpoints: %.2f USD a month, %d allowed", [input.summary.monthly_usd_after, budget_usd])
}

deny contains message if {
	input.summary.monthly_usd_before > 0
	more := (input.summary.monthly_usd_after / input.summary.monthly_usd_before) - 1
	more > growth
	message := sprintf("all endpoints: %.0f %% dearer than before, %.0f %% allowed", [more * 100, growth * 100])
}

deny contains message if {
	some endpoint in input.endpoints
	not endpoint.region in regions
	message := sprintf("%s: region %s is not allowed", [endpoint.name, endpoint.region])
}

deny contains message if {
	some endpoint in input.endpoints
	some label in labels
	not endpoint.labels[label]
	message := sprintf("%s: label %s is missing", [endpoint.name, label])
}

warn contains message if {
	some endpoint in input.endpoints
	endpoint.action == "replace"
	message := sprintf("%s: is replaced, which takes it down", [endpoint.name])
}
