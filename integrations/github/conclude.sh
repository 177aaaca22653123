#!/usr/bin/env bash
# Ends the job's step as the planner ended, where the run is to fail for it.
set -euo pipefail

[[ -z $IN_REASON ]] && exit 0
printf 'planner: %s (exit code %s)\n' "$IN_REASON" "$IN_CODE"
[[ $IN_CODE -ne 0 ]] && exit "$IN_CODE"
exit 1
