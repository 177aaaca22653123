#!/usr/bin/env bash
# Posts the result on the pull request: one comment per command and environment, found by its marker.
# Never fails the run: what cannot be posted is a warning, and stands in the step's summary anyhow.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=lib.sh
source "$here/lib.sh"

number="$(pull_request || true)"
if [[ -z $number ]]; then
    printf 'no pull request to comment on\n'
    exit 0
fi
body="$IN_MARKDOWN"
if [[ $(wc -m <"$body") -gt $comment_limit ]]; then
    body="$RUNNER_TEMP/planner-comment.md"
    { head -n 2 "$IN_MARKDOWN" && printf '\nToo long for a comment: see the summary of the run.\n'; } >"$body"
fi
kind="$(sed -n '1s/^<!-- planner:\([a-z]*\).*/\1/p' "$IN_MARKDOWN")"
comments="repos/$GITHUB_REPOSITORY/issues"
posted() {
    jq -r '"comment-id=\(.id)", "comment-url=\(.html_url)"' >>"$GITHUB_OUTPUT"
}
post() {
    local old
    old="$(own_comments "$number" "$kind" | jq -rs '.[-1].url // "" | sub(".*#issuecomment-"; "")')"
    if [[ -z $old && $IN_COMMENT == on-change && $IN_CHANGES != true && -z $IN_REASON ]]; then
        printf 'nothing to say on #%s\n' "$number"
        return
    fi
    if [[ -n $old && $IN_COMMENT_MODE == recreate ]]; then
        gh api --method DELETE "$comments/comments/$old"
        old=
    fi
    if [[ -n $old ]]; then
        gh api --method PATCH "$comments/comments/$old" -F "body=@$body" | posted
    else
        gh api --method POST "$comments/$number/comments" -F "body=@$body" | posted
    fi
}
# With `if`, a failure within would not end the function.
set +e
(set -e; post)
code=$?
set -e
[[ $code -eq 0 ]] || warn "the comment on #$number could not be posted: does the job have pull-requests: write?"
