#!/usr/bin/env bash
# push_notebooks.sh FOLDER: make the branch `notebooks` hold exactly the notebooks of FOLDER, as one commit without a
# past (Colab reads the newest only, and the branch must not grow). The token comes from the environment and is handed
# to git as a header, so that it is in no file and no address. FOLDER was made by code that held no token: of it
# notebooks alone are taken, no links, nothing hidden (a .git would bring hooks and settings that run where the token
# is), and git runs without any hook.
set -euo pipefail
folder=${1:?folder of notebooks}
branch=notebooks
remote=${NOTEBOOKS_REMOTE:-${GITHUB_SERVER_URL:?}/${GITHUB_REPOSITORY:?}.git}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd -- "$folder"
find . -name '.?*' -prune -o -type f -name '*.ipynb' -print0 | while IFS= read -r -d '' notebook; do
    mkdir -p "$work/$(dirname "$notebook")"
    cp "$notebook" "$work/$notebook"
done
cd "$work"
if [ -z "$(find . -name '*.ipynb' -print -quit)" ]; then
    echo "$folder: no notebooks; the branch stays as it is" >&2
    exit 1
fi
git() { command git -c core.hooksPath=/dev/null "$@"; }
git init --quiet --template= --initial-branch "$branch"
git config user.name "github-actions[bot]"
git config user.email "41898282+github-actions[bot]@users.noreply.github.com"
git add --all
git commit --quiet --message "Learners' notebooks of ${GITHUB_SHA:-an unknown commit}"
if [ -n "${GITHUB_TOKEN:-}" ]; then
    export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.extraheader"
    GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $(printf 'x-access-token:%s' "$GITHUB_TOKEN" | base64 | tr -d '\n')"
    export GIT_CONFIG_VALUE_0
fi
git push --quiet --force "$remote" "$branch"
