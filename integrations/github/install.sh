#!/usr/bin/env bash
# Installs the planner into an environment of its own and tells where its program is.
# IN_PROGRAM names one that is there already; IN_VERSION a published version in place of this checkout's.
set -euo pipefail

if [[ -n $IN_PROGRAM ]]; then
    printf 'program=%s\n' "$(command -v "$IN_PROGRAM")" >>"$GITHUB_OUTPUT"
    exit 0
fi
if ! "$IN_PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    printf '::error title=planner::%s is no Python 3.11 or newer; run actions/setup-python first\n' "$IN_PYTHON"
    exit 1
fi
if [[ -n $IN_VERSION ]]; then
    package="endpoint-planner[$IN_EXTRAS]==$IN_VERSION"
else
    package="${GITHUB_ACTION_PATH}[$IN_EXTRAS]"
fi
home="$RUNNER_TEMP/planner"
"$IN_PYTHON" -m venv "$home"
"$home/bin/python" -m pip install --quiet --disable-pip-version-check "$package"
printf 'program=%s\n' "$home/bin/planner" >>"$GITHUB_OUTPUT"
