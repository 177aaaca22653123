#!/usr/bin/env bash
# Keeps one open issue per environment while something drifted, and closes it when nothing does any more.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=lib.sh
source "$here/lib.sh"

label=planner-drift
repo=(--repo "$GITHUB_REPOSITORY")
body="$RUNNER_TEMP/planner-issue.md"
head -c 60000 "$IN_MARKDOWN" | iconv -c -f utf-8 -t utf-8 >"$body"
printf '\n%s/%s/actions/runs/%s\n' "$GITHUB_SERVER_URL" "$GITHUB_REPOSITORY" "$GITHUB_RUN_ID" >>"$body"
number="$(gh issue list "${repo[@]}" --label "$label" --state open --limit 500 --json number,body |
    jq -r --arg marker "$(marker drift)" '[.[] | select(.body | startswith($marker))][0].number // empty')"
if [[ $IN_CHANGES == true ]]; then
    gh label create "$label" "${repo[@]}" --force --description 'The cloud is not as the specs were applied'
    if [[ -n $number ]]; then
        gh issue edit "$number" "${repo[@]}" --body-file "$body"
    else
        title="Drift${IN_ENVIRONMENT:+ in $IN_ENVIRONMENT}"
        gh issue create "${repo[@]}" --title "$title" --label "$label" --body-file "$body"
    fi
elif [[ -n $number ]]; then
    gh issue close "$number" "${repo[@]}" --comment 'Everything is as it was applied again.'
fi
