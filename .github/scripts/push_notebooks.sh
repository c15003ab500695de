#!/usr/bin/env bash
# push_notebooks.sh FOLDER: make the branch `notebooks` hold exactly the notebooks of FOLDER, as one commit without a
# past (Colab reads the newest only, and the branch must not grow). The token comes from the environment and is handed
# to git as a header, so that it is in no file and no address.
set -euo pipefail
folder=${1:?folder of notebooks}
branch=notebooks
remote=${NOTEBOOKS_REMOTE:-${GITHUB_SERVER_URL:?}/${GITHUB_REPOSITORY:?}.git}

if [ -z "$(find "$folder" -name '*.ipynb' -print -quit)" ]; then
    echo "$folder: no notebooks; the branch stays as it is" >&2
    exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$folder/." "$work/"
cd "$work"
git init --quiet --initial-branch "$branch"
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
