# Events of `planner apply -o jsonl` as Markdown. Names and messages come from others: within <pre>
# and escaped, nothing of them is markup or notifies anybody.
def counted: group_by(.) | map("\(length) \(.[0])") | join(", ");
[.[] | select(.event == "outcome")] as $outcomes
| [.[] | select(.event == "diagnostic")] as $diagnostics
| ([.[] | select(.event == "planned") | .fingerprint // empty][0] // "") as $fingerprint
| "### planner apply: \(if $outcomes == [] then "nothing was done" else [$outcomes[].outcome] | counted end)\n",
  "<pre>",
  ($outcomes[]
    | "\(.endpoint): \(.outcome)\(if .detail == "" then "" else ": \(.detail)" end)" | @html),
  ($diagnostics[] | "\(.severity)[\(.code)]: \(.message)" | @html),
  "</pre>\n",
  (if $fingerprint == "" then empty else "`\($fingerprint)`" end)
