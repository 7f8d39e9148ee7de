#!/usr/bin/env bash
# Checks what a branch changes, in any CI: `check.sh BASE [FOLDER-FOR-RESULTS]`, from the folder of governance.yaml.
# Writes check.sarif, check.xml (JUnit) and check.md (a comment) into the folder, and the findings for people to standard
# output. Exits as the check does: 0 pass, 1 block, 2 could not tell.
set -uo pipefail
base=${1:?the branch or commit to compare with, such as origin/main}
results=${2:-.}
mkdir -p "$results"
form=text
if [ -n "${GITHUB_ACTIONS:-}" ]; then form=github; fi
governance check --base "$base" --format "$form"
verdict=$?
if [ "$verdict" -eq 2 ]; then exit 2; fi
for each in sarif:check.sarif junit:check.xml markdown:check.md; do
  governance check --base "$base" --format "${each%%:*}" --output "$results/${each#*:}"
  if [ $? -eq 2 ]; then exit 2; fi
done
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then cat "$results/check.md" >> "$GITHUB_STEP_SUMMARY"; fi
exit "$verdict"
