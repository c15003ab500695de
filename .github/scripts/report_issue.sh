#!/usr/bin/env bash
# report_issue.sh TITLE FOLDER: put the reports (*.md) of FOLDER into an issue: the open one of that title, else a new
# one. Needs GitHub's `gh` with GH_TOKEN and GITHUB_REPOSITORY; RUN is the address of the run.
set -euo pipefail
title=${1:?title}
folder=${2:?folder of reports}

body=$(mktemp)
trap 'rm -f "$body"' EXIT
echo "[This run](${RUN:-}) failed." > "$body"
shopt -s nullglob
for report in "$folder"/*.md; do
    printf '\n' >> "$body"
    cat "$report" >> "$body"
done
# GitHub takes 65,536 characters.
head -c 60000 "$body" > "$body.short" && mv "$body.short" "$body"

number=$(TITLE=$title gh issue list --repo "$GITHUB_REPOSITORY" --state open --limit 500 --json number,title \
    --jq 'map(select(.title == env.TITLE)) | .[0].number // empty')
if [ -n "$number" ]; then
    gh issue comment "$number" --repo "$GITHUB_REPOSITORY" --body-file "$body"
else
    gh issue create --repo "$GITHUB_REPOSITORY" --title "$title" --body-file "$body"
fi
