#!/usr/bin/env bash
# Runs one command of the planner, keeps its files and tells the next steps how it ended.
# Ends with 0 whatever the result is, so that it can be posted; conclude.sh fails for `failure-reason`.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=lib.sh
source "$here/lib.sh"

files="$RUNNER_TEMP/planner-files/$IN_COMMAND"
rm -rf "$files"
mkdir -p "$files"
plan_file="${IN_PLAN_FILE:-$files/plan.json}"
code=0

# planner ARGUMENTS...: its exit code stands in $code.
planner() {
    code=0
    "$IN_PROGRAM" -q "$@" || code=$?
}

# lines TEXT: sets `found` to the lines that are not empty.
lines() {
    local line
    found=()
    while IFS= read -r line; do
        [[ -z $line ]] || found+=("$line")
    done <<<"$1"
}

# asked: sets `specs`, `fixed` and `options` to what the inputs say.
asked() {
    shopt -s globstar
    # Patterns of files are welcome here.
    # shellcheck disable=SC2206
    specs=($IN_SPEC)
    fixed=()
    lines "$IN_OVERLAY"
    for one in "${found[@]}"; do fixed+=(--overlay "$one"); done
    [[ $IN_LOCK != ignore ]] || fixed+=(--no-lock)
    lines "$IN_ARGS"
    options=("${fixed[@]}" "${found[@]}")
}

# split PATTERN: of the arguments, sets `found` to those that match, and `rest` to the others.
split() {
    local one all
    lines "$IN_ARGS"
    all=("${found[@]}")
    found=()
    rest=()
    for one in "${all[@]}"; do
        if [[ $one =~ ^($1)$ ]]; then found+=("$one"); else rest+=("$one"); fi
    done
}

# reason CODE: what went wrong, in a word; nothing where the run is to pass.
reason() {
    case $1 in
        0) ;;
        2) case $IN_COMMAND in drift) listed drift ;; *) listed changes ;; esac ;;
        3) echo invalid-spec ;;
        4) echo auth ;;
        5) fatal policy ;;
        6) echo plan-changed ;;
        7) echo apply-failed ;;
        8) fatal infeasible ;;
        64) echo usage ;;
        130) echo interrupted ;;
        *) echo error ;;
    esac
}

# listed WORD: the word, if the run is to fail for it.
listed() { [[ " ${IN_FAIL_ON//[$'\n',]/ } " != *" $1 "* ]] || echo "$1"; }

# fatal WORD: the same, and in any case where it kept something from being applied.
fatal() { if [[ $IN_COMMAND == apply ]]; then echo "$1"; else listed "$1"; fi; }

# told COMMAND...: runs a command that shows findings; `markdown` holds what it says of the result.
told() {
    markdown="$files/$IN_COMMAND.md"
    export GITHUB_STEP_SUMMARY="$markdown"
    planner "$@" --comment-tag "$IN_ENVIRONMENT" -o github >"$files/annotations"
    [[ $IN_ANNOTATIONS != true ]] || cat "$files/annotations"
    [[ -s $markdown ]] || rm -f "$markdown"
}

# reported COMMAND...: files for other tools; places in specs are known only to what reads the specs.
reported() {
    local kept=$code
    if [[ -n $IN_SARIF_FILE ]]; then
        planner "$@" -o sarif >"$IN_SARIF_FILE"
        give sarif-path "$IN_SARIF_FILE"
    fi
    if [[ -n $IN_JUNIT_FILE ]]; then
        planner "$@" -o junit >"$IN_JUNIT_FILE"
        give junit-path "$IN_JUNIT_FILE"
    fi
    code=$kept
}

plan() {
    rm -f "$plan_file"
    told plan "${specs[@]}" "${options[@]}" --detailed-exitcode --out "$plan_file"
    reported plan "${specs[@]}" "${options[@]}"
    [[ -s $plan_file ]] || return 0
    local kept=$code
    planner show "$plan_file" >"$files/plan.txt"
    cat "$files/plan.txt"
    # A summary may be longer than a comment.
    if [[ $(wc -m <"$markdown") -gt $comment_limit ]]; then
        planner show "$plan_file" --comment-tag "$IN_ENVIRONMENT" -o markdown >"$markdown"
    fi
    code=$kept
    give plan-path "$plan_file"
    give text-path "$files/plan.txt"
}

drift() {
    told drift "${specs[@]}" "${options[@]}" --detailed-exitcode --out "$files/drift.json"
    reported drift "${specs[@]}" "${options[@]}"
    [[ ! -s $markdown ]] || cat "$markdown"
    give changes "$([[ $code -eq 2 ]] && echo true || echo false)"
    [[ ! -s $files/drift.json ]] || give json-path "$files/drift.json"
}

validate() {
    told validate "${specs[@]}" "${options[@]}"
    reported validate "${specs[@]}" "${options[@]}"
}

# apply: what was reviewed; `failure` says why not. Leaves the comment alone that was reviewed.
apply() {
    local given=("${specs[@]}" "${options[@]}" --auto-approve)
    if [[ $IN_APPROVE == reviewed-plan ]]; then
        # Whatever would have a say in the plan is refused beside a plan, and what acts where it is made.
        split '--(no-)?wait|--(accept|timeout|heartbeat)=.*'
        local acting=("${found[@]}")
        options=("${fixed[@]}" "${rest[@]}")
        if [[ ! -s $plan_file || -z $IN_PLAN_FILE ]]; then
            plan
            markdown="$files/apply.md"
            said 'nothing to do'
            [[ $code -ne 0 ]] || return 0
            said 'nothing was done'
            [[ $code -eq 2 ]] || return 0
            reviewed || return 0
        fi
        given=("$plan_file")
        split '--sandbox|--(sandbox-state|parallelism)=.*'
        given=("$plan_file" "${acting[@]}" "${found[@]}")
    fi
    planner apply "${given[@]}" -o jsonl >"$files/events.jsonl"
    give events-path "$files/events.jsonl"
    give changes "$(jq -s 'any(.event == "outcome" and .outcome != "unchanged")' "$files/events.jsonl")"
    markdown="$files/apply.md"
    { marker apply && echo && jq -rs -f "$here/applied.jq" "$files/events.jsonl"; } >"$markdown"
}

# said TEXT: the whole result of an apply.
said() { printf '%s\n### planner apply: %s\n' "$(marker apply)" "$1" >"$markdown"; }

# reviewed: whether the plan is the one that was shown on the pull request.
reviewed() {
    local number shown planned
    planned="$(jq -r .fingerprint "$plan_file")"
    number="$(pull_request)"
    shown="$([[ -z $number ]] || own_comments "$number" plan |
        jq -rs '.[-1].body // ""' | grep -o 'sha256:[0-9a-f]\{64\}' | tail -n 1 || true)"
    [[ $shown != "$planned" ]] || return 0
    failure=plan-changed
    code=6
    local told="${shown:-no plan} was reviewed, and it is $planned now: open a pull request with it"
    printf '::error title=planner (plan-changed)::%s\n' "$told"
    said "$told"
    return 1
}

conclude() {
    give exit-code "$code"
    give failure-reason "${failure:-$(reason "$code")}"
    [[ ! -s ${markdown:-} ]] || give markdown-path "$markdown"
    if [[ $IN_SUMMARY == true && -s ${markdown:-} && -n ${summary:-} ]]; then
        cat "$markdown" >>"$summary"
    fi
}

[[ $IN_COMMAND =~ ^(plan|apply|drift|validate)$ ]] || {
    printf '::error title=planner::command: %s is none of plan, apply, drift, validate\n' "$IN_COMMAND"
    exit 64
}
[[ $IN_ENVIRONMENT =~ ^([A-Za-z0-9_./=]+(-[A-Za-z0-9_./=]+)*)?$ ]] || {
    printf '::error title=planner::environment: letters, digits, and _ . / = with single - between\n'
    exit 64
}
summary="${GITHUB_STEP_SUMMARY:-}"
failure=
markdown=
asked
if [[ $IN_LOCK == check ]]; then
    split '--(set|limits|lock|only|exclude|overlay)=.*'
    planner lock "${specs[@]}" "${fixed[@]}" "${found[@]}" --check
    # An invalid spec is better shown by the command itself.
    if [[ $code -eq 2 ]]; then failure=lock; fi
fi
if [[ -z $failure ]]; then "$IN_COMMAND"; fi
conclude
