# shellcheck shell=bash
# What the steps share; to be sourced.

# Characters of one comment, some less than the 65,536 that GitHub takes.
# shellcheck disable=SC2034
comment_limit=65000

# give NAME VALUE: an output of this step; a value of one line.
give() { printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; }

# warn TEXT: a warning at the top of the run.
warn() { printf '::warning title=planner::%s\n' "$1"; }

# marker KIND: the hidden first line by which a comment is found again.
marker() { printf '<!-- planner:%s%s -->' "$1" "${IN_ENVIRONMENT:+:$IN_ENVIRONMENT}"; }

# pull_request: the number of the one that this run is about, or that brought this commit; or nothing.
pull_request() {
    local number
    number="${IN_PULL_REQUEST:-$(jq -r '.pull_request.number // empty' "$GITHUB_EVENT_PATH")}"
    [[ -n $number ]] || number="$(gh api "repos/$GITHUB_REPOSITORY/commits/$GITHUB_SHA/pulls" |
        jq -r '[.[] | select(.merged_at)][0].number // empty')"
    printf '%s' "$number"
}

# own_comments NUMBER KIND: those of this token's own with the marker, oldest first, as JSON lines.
# Anybody can write a marker, so that only what this token wrote counts.
own_comments() {
    gh pr view "$1" --repo "$GITHUB_REPOSITORY" --json comments |
        jq -c --arg marker "$(marker "$2")" \
            '.comments[] | select(.viewerDidAuthor and (.body | startswith($marker)))'
}
