#!/usr/bin/env bash
# A change on its way from a branch to what runs, and somebody who changes it by hand afterwards.
#
#   examples/gitops/run.sh [DIRECTORY]
#
# Works in a temporary repository, against a stand-in for SageMaker, without any network; the commands
# are those of a pipeline. DIRECTORY keeps what a pipeline would post and store. Needs git, `planner` on
# the path, and boto3 in $PYTHON.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
home="$(mktemp -d)"
kept="${1:-$home/kept}"
mkdir -p "$kept"
kept="$(cd "$kept" && pwd)"
python="${PYTHON:-python3}"
cloud=
trap '[[ -z $cloud ]] || kill "$cloud"; rm -rf "$home"' EXIT

say() { printf '\n== %s\n' "$*"; }

# expect CODE COMMAND...: the command ends with that exit code.
expect() {
    local code=0
    printf '$ %s\n' "${*:2}" >&2
    "${@:2}" || code=$?
    [[ $code -eq $1 ]] || { printf 'exit code %s, expected %s\n' "$code" "$1" >&2; exit 1; }
}

cloud() {
    planner -q sandbox serve --provider sagemaker --port 0 --state :memory: >"$home/url" &
    cloud=$!
    until [[ -s $home/url ]]; do
        kill -0 "$cloud"
        sleep 0.1
    done
    AWS_ENDPOINT_URL="$(<"$home/url")"
    export AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID=sandbox AWS_SECRET_ACCESS_KEY=sandbox
    # What takes minutes in the cloud takes no time here.
    "$python" -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1], sys.argv[2].encode())' \
        "$AWS_ENDPOINT_URL/_sandbox/pace" '{"create_s": 0.1, "update_s": 0.1}' >&2
}

repository() {
    export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
    export GIT_AUTHOR_NAME=somebody GIT_AUTHOR_EMAIL=somebody@example.com
    export GIT_COMMITTER_NAME=somebody GIT_COMMITTER_EMAIL=somebody@example.com
    cp -R "$here/repository" "$home/repository"
    cd "$home/repository"
    git init --quiet --initial-branch main
    git add .
    git commit --quiet --message 'Serve fraud-scorer'
}

cloud
repository

say 'main is applied'
expect 0 planner -q apply endpoints/* --auto-approve

say 'a branch asks for more traffic'
git switch --quiet --create more-traffic
sed 's|rate: 300/s|rate: 900/s|' endpoints/fraud-scorer/planner.yaml >"$home/spec"
cp "$home/spec" endpoints/fraud-scorer/planner.yaml
git commit --quiet --all --message 'fraud-scorer: 900 requests a second'
git diff --unified=0 main -- endpoints | tail -n 2

say 'the pull request: what it changes and costs, to be reviewed'
expect 2 planner -q plan endpoints/* --detailed-exitcode --out plan.json -o markdown >"$kept/plan.md"
cp plan.json "$kept/plan.json"
planner show plan.json -o gitlab >"$kept/gitlab.json"
head -n 6 "$kept/plan.md"

say 'merged: what was reviewed is applied, and nothing else'
git switch --quiet main
git merge --quiet --no-ff --message 'Merge more-traffic' more-traffic
expect 0 planner -q apply plan.json -o jsonl >"$kept/events.jsonl"

say 'nothing is left to do'
expect 0 planner -q plan endpoints/* --detailed-exitcode -o json --out "$kept/after.json" >"$home/plan"

say 'the same plan is not applied twice'
expect 6 planner -q apply plan.json

say 'somebody scales it by hand'
"$python" "$here/by_hand.py" fraud-scorer 2

say 'the next scheduled look finds it'
expect 2 planner -q drift endpoints/* --detailed-exitcode -o markdown >"$kept/drift.md"
head -n 6 "$kept/drift.md"
